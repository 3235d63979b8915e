import { formatDuration } from '../base/duration.ts'
import type { Client } from './client.ts'

/** What the configuration says; a client’s own stand before it. In seconds. */
export interface LifetimeDefaults {
  readonly accessTokenTtlSeconds: number
  readonly sessionIdleTtlSeconds: number
  readonly sessionMaxTtlSeconds: number
}

const SHORTER_FIRST = [
  ['accessTokenTtlSeconds', 'sessionIdleTtlSeconds'],
  ['sessionIdleTtlSeconds', 'sessionMaxTtlSeconds'],
] as const

const NAMES = {
  accessTokenTtlSeconds: ['its access_token_ttl', 'ACCESS_TOKEN_TTL'],
  sessionIdleTtlSeconds: ['its session_idle_ttl', 'SESSION_IDLE_TTL'],
  sessionMaxTtlSeconds: ['its session_max_ttl', 'SESSION_MAX_TTL'],
} as const

/**
 * Where a client's own lifetimes do not fit the configuration's, in sentences. Nothing breaks by it:
 * the shorter length ends the longer.
 */
export function lifetimeProblems(own: Client['lifetimes'], defaults: LifetimeDefaults): string[] {
  const told = (field: keyof LifetimeDefaults) => {
    const [ofClient, ofConfiguration] = NAMES[field]
    const seconds = own[field] ?? defaults[field]
    return `${own[field] === undefined ? ofConfiguration : ofClient} (${formatDuration(seconds)})`
  }
  return SHORTER_FIRST.filter(
    ([shorter, longer]) => (own[shorter] ?? defaults[shorter]) > (own[longer] ?? defaults[longer]),
  ).map(
    ([shorter, longer]) => `${told(longer)} is shorter than ${told(shorter)}, and ends it early`,
  )
}
