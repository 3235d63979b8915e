/** How full a bucket is for one key. */
export interface Level {
  readonly bucket: string
  /** What it counts, for a sentence that begins with `too many`. */
  readonly what: string
  readonly limit: number
  readonly windowSeconds: number
  readonly remaining: number
  /** Until it is empty again. */
  readonly resetSeconds: number
  /** Whether more was counted than there was room for. */
  readonly exceeded: boolean
}

/** Whether `a` leaves less than `b`, or as little for longer. */
function isTighter(a: Level, b: Level): boolean {
  if (a.exceeded !== b.exceeded) return a.exceeded
  return a.remaining === b.remaining ? a.resetSeconds > b.resetSeconds : a.remaining < b.remaining
}

/** The one of them that leaves least; undefined when there is none. */
export function tightest(levels: Iterable<Level | undefined>): Level | undefined {
  let found: Level | undefined
  for (const level of levels) {
    if (level !== undefined && (found === undefined || isTighter(level, found))) found = level
  }
  return found
}

/**
 * A level as header fields: `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers,
 * and the three of its earlier versions, which more clients read. Lengths in seconds.
 */
export function toFields(level: Level): Record<string, string> {
  const { bucket, limit, windowSeconds, remaining, resetSeconds } = level
  return {
    'ratelimit-policy': `"${bucket}";q=${limit};w=${windowSeconds}`,
    ratelimit: `"${bucket}";r=${remaining};t=${resetSeconds}`,
    'ratelimit-limit': `${limit}`,
    'ratelimit-remaining': `${remaining}`,
    'ratelimit-reset': `${resetSeconds}`,
  }
}
