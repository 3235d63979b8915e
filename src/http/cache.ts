import { headerAlways } from './wire/header.ts'

/**
 * For what every verifier fetches: fresh for five minutes, and good for a day if we are away, so
 * that an outage of ours is none of theirs (RFC 5861).
 */
export const CACHE_CONTROL =
  'public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400'

/** The header fields of such an answer, for the document. */
export const cacheHeaders = {
  ETag: headerAlways(
    'Send it as `If-None-Match`; 304 says that nothing changed.',
    '"3q2-7_8AmQd0l1Yk5sVf9w"',
  ),
  'Cache-Control': headerAlways('How long a verifier may keep it.', CACHE_CONTROL),
}

/** Whether an If-None-Match header names this entity tag (RFC 9110 §13.1.2). */
export function isFresh(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag)
}
