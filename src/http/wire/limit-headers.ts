import type { TSchema } from 'typebox'
import type { Reason } from '../../oauth/reasons.ts'
import { header, headerAlways } from './header.ts'

/** A limit by its name, with the amount and the seconds that it has when nothing is configured. */
const LIMITS = {
  login: [10, 300],
  refresh: [300, 60],
  client: [20, 60],
  introspect: [60_000, 60],
  public: [3000, 60],
} as const

/** A limit that an answer may speak of. */
export type LimitName = keyof typeof LIMITS

/**
 * The fields of an answer that a limit lets through; none of them where all its limits are off.
 * @param name the limit that the examples are of
 */
export function limitHeaders(name: LimitName): Record<string, TSchema> {
  return describe(name, LIMITS[name][0] - 1, header)
}

/** The same of an answer that a limit refuses, with the time to wait. */
export function reachedLimitHeaders(name: LimitName): Record<string, TSchema> {
  return {
    'Retry-After': headerAlways('Seconds until there is room again.', SECONDS_LEFT),
    ...describe(name, 0, headerAlways),
  }
}

const SECONDS_LEFT = '42'

function describe(name: LimitName, remaining: number, field: typeof header) {
  const [count, seconds] = LIMITS[name]
  return {
    'RateLimit-Policy': field(
      'The tightest limit that the request came upon (draft-ietf-httpapi-ratelimit-headers).',
      `"${name}";q=${count};w=${seconds}`,
    ),
    RateLimit: field('What is left of it.', `"${name}";r=${remaining};t=${SECONDS_LEFT}`),
    'RateLimit-Limit': field('How much it is.', `${count}`),
    'RateLimit-Remaining': field('How much is left.', `${remaining}`),
    'RateLimit-Reset': field('Seconds until it begins anew.', SECONDS_LEFT),
  }
}

/** The limit that a reason speaks of, at an endpoint of OAuth. */
export const LIMIT_OF: Partial<Record<Reason, LimitName>> = {
  too_many_logins: 'login',
  too_many_refreshes: 'refresh',
  too_many_failures: 'client',
  too_many_requests: 'introspect',
}
