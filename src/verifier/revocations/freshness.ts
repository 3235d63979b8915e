import type { StaleEvent } from '../types.ts'

/** How old the news are. */
export interface Freshness {
  /** An answer came that says when the issuer last looked (`as_of`, seconds since the epoch). */
  heard(asOf: number): void
  /** A try came to nothing: what was known stays, but who listens is told when it is stale by now. */
  failed(reason: string): void
  /** Whether it is stale now; tells who listens when that is new. */
  isStale(): boolean
  /** Seconds since what is known was true; undefined while nothing is known. */
  ageSeconds(): number | undefined
  /** Why the last try came to nothing; undefined when it did not. */
  readonly reason: string | undefined
}

/**
 * Only an `as_of` that has moved makes the news younger: while the issuer's database is away its answers
 * still come, and say nothing new.
 */
export function createFreshness(options: {
  clock: () => number
  staleAfter: number
  /** Must not throw. */
  onStale: (event: StaleEvent) => void
}): Freshness {
  const { clock, staleAfter, onStale } = options
  let trueAt: number | undefined
  let newest = 0
  let last: number | undefined
  let reason: string | undefined
  let told = false

  const ageSeconds = () => (trueAt === undefined ? undefined : Math.max(0, clock() - trueAt) / 1000)
  const isStale = () => {
    const age = ageSeconds()
    const stale = age === undefined || age > staleAfter
    // Before the first try has ended, nothing is wrong yet.
    if (stale !== told && !(age === undefined && reason === undefined)) {
      told = stale
      onStale({ what: 'revocations', stale, ageSeconds: age, reason })
    }
    return stale
  }

  return {
    heard(asOf) {
      const now = clock()
      const said = asOf * 1000
      reason = undefined
      if (said > newest && said !== last) {
        // Clocks differ a little: what was looked at just now, by the issuer's, is true now by ours.
        trueAt = now - said > CLOCKS_DIFFER_MS ? said : now
        // An issuer whose clock was ahead and was set right must not look old until it has caught up.
        newest = Math.min(said, now + CLOCKS_DIFFER_MS)
      }
      last = said
      isStale()
    },
    failed(why) {
      reason = why
      isStale()
    },
    isStale,
    ageSeconds,
    get reason() {
      return reason
    },
  }
}

const CLOCKS_DIFFER_MS = 30_000
