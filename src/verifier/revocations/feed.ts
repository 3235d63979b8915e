import { atMost } from '../at-most.ts'
import { VerifyError } from '../errors.ts'
import type { Fetcher } from '../fetch.ts'
import { byTimers, type Schedule } from '../schedule.ts'
import type {
  AccessTokenClaims,
  RevocationOptions,
  RevocationStats,
  StaleEvent,
  WhenStale,
} from '../types.ts'
import { createAsk } from './ask.ts'
import { createConnection } from './follow.ts'
import { createFreshness } from './freshness.ts'
import { createKnown } from './known.ts'
import { createRevocationList, type FoundBy } from './list.ts'
import { createRounds } from './rounds.ts'

/** What is known of revocations, kept new. */
export interface Revocations {
  /** By what a token is known to be revoked; undefined when it is not. Never waits. */
  find(claims: AccessTokenClaims, kid: string): FoundBy | undefined
  /**
   * To be called before `find`. Undefined when there is nothing to wait for; else it waits for the first
   * load, and throws VerifyError `revocations_stale` when what is known is stale and that matters.
   * @param whenStale for this call, in place of the setting
   */
  ready(whenStale: WhenStale | undefined): Promise<void> | undefined
  stats(): RevocationStats
  /** Lets go of timers and connections; what is known stays. */
  close(): void
}

export interface RevocationParts {
  readonly issuer: string
  readonly settings: RevocationOptions
  readonly fetcher: Fetcher
  /** For the stream, which no time-out may end. */
  readonly fetch: typeof globalThis.fetch
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Verifies what the feed answers as a list of this issuer, and returns its payload. */
  readonly verifyList: (jws: string) => Promise<Record<string, unknown>>
  /** Must not throw. */
  readonly onStale: (event: StaleEvent) => void
  /** In milliseconds: how long a token waits for the first load; 3000 if not given. */
  readonly patience?: number
  /** By how many seconds a token may be older than it lives; 30 if not given. */
  readonly clockTolerance?: number
  /** In [0, 1); `Math.random` if not given. */
  readonly random?: () => number
  readonly schedule?: Schedule
}

/** Begins with the first `ready`, so that making a verifier does nothing. */
export function createRevocations(parts: RevocationParts): Revocations {
  const { settings, fetcher, fetch, clock, verifyList, onStale } = parts
  const { clockTolerance = 30, patience = 3000, random = Math.random, schedule = byTimers } = parts
  const { by, pollEvery = 30, staleAfter = 120 } = settings
  const url = new URL(settings.url ?? `${parts.issuer.replace(/\/$/, '')}/.well-known/revocations`)
  const list = createRevocationList(clockTolerance)
  const freshness = createFreshness({ clock, staleAfter, onStale })
  const known = createKnown({ list, freshness, clock, verifyList })
  // While the news grow old, an answer that repeats them is worth more than none.
  const mayBeSpared = () => (freshness.ageSeconds() ?? staleAfter) < staleAfter / 2
  const ask = createAsk({ url, fetcher, known, mayBeSpared })
  const connect = (catchUp: () => Promise<void>, signal: AbortSignal) =>
    createConnection({ url, fetch, known, catchUp, schedule, signal })
  const rounds = createRounds({
    ask,
    connect: by === 'stream' ? connect : undefined,
    pollEvery,
    freshness,
    clock,
    random,
    schedule,
  })

  const refuseIfClosed = (whenStale: WhenStale) => {
    if (whenStale === 'open' || !freshness.isStale()) return
    const age = freshness.ageSeconds()
    throw new VerifyError({
      code: 'revocations_stale',
      expected: `news of revocations that are at most ${staleAfter} s old`,
      actual: age === undefined ? 'none yet' : `news that are ${Math.round(age)} s old`,
      hint: `see whether ${url.href} answers: ${freshness.reason ?? 'its as_of stands still'}`,
    })
  }

  return {
    find: (claims, kid) => list.find(claims, kid),
    ready(whenStale = settings.whenStale ?? 'open') {
      rounds.beginIfDue()
      const isStale = freshness.isStale()
      if (!isStale || (whenStale === 'open' && rounds.hasEnded)) return undefined
      return atMost(rounds.underway(), patience).then(() => refuseIfClosed(whenStale))
    },
    stats: () => ({
      by,
      entries: list.size,
      seq: known.seq,
      ageSeconds: freshness.ageSeconds(),
      stale: freshness.isStale(),
      fetches: rounds.fetches,
      failures: rounds.failures,
    }),
    close: () => rounds.close(),
  }
}
