import { JWKS_IF_ERROR_SECONDS, JWKS_REVALIDATING_SECONDS } from '../config/key-timing.ts'
import { headerAlways } from './wire/header.ts'

/** For what was due to change and has not been seen to: soon asked for again. In seconds. */
const OVERDUE_MAX_AGE = 5

/**
 * What verifiers may keep, and for `maxAge` seconds at most without asking again (RFC 9111 §5.2.2).
 * @param keptAtMost the longest that anything should go by it while we can be reached, in seconds
 */
export function cacheControl(maxAge: number, keptAtMost = JWKS_REVALIDATING_SECONDS): string {
  const revalidating = Math.min(JWKS_REVALIDATING_SECONDS, keptAtMost)
  return `public, max-age=${maxAge}, stale-while-revalidate=${revalidating}, stale-if-error=${JWKS_IF_ERROR_SECONDS}`
}

/**
 * For how long an answer may be kept that will change. In seconds.
 * @param usual what it is while nothing is about to change, in seconds
 * @param changesAt when it is expected to change, in milliseconds since the epoch like `now`
 */
export function maxAgeUntil(usual: number, changesAt: number | undefined, now: number): number {
  if (changesAt === undefined) return usual
  const left = Math.ceil((changesAt - now) / 1000)
  return Math.min(usual, left > 0 ? left : OVERDUE_MAX_AGE)
}

/** The header fields of such an answer, for the document. */
export const cacheHeaders = {
  ETag: headerAlways(
    'Send it as `If-None-Match`; 304 says that nothing changed.',
    '"3q2-7_8AmQd0l1Yk5sVf9w"',
  ),
  'Cache-Control': headerAlways(
    'How long a verifier may keep it: five minutes, or less where it is about to change; and for a day while we cannot be reached.',
    cacheControl(300),
  ),
}

/** Whether an If-None-Match header names this entity tag (RFC 9110 §13.1.2). */
export function isFresh(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag)
}
