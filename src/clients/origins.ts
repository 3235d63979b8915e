import type { Clock } from '../base/clock.ts'
import type { Executor } from '../db/connect.ts'
import { listAllowedOrigins } from './store.ts'

/**
 * The origins that browsers may call from: those of all registered clients. Kept in memory, because
 * an answer that says that the database is away must reach its page as well.
 */
export interface AllowedOrigins {
  /** Reads them. Throws DatabaseUnavailable. */
  load(): Promise<void>
  /**
   * Whether a page of this origin may call. Never throws: while the database is away, what was known
   * before goes on.
   */
  has(origin: string): Promise<boolean>
}

/** Old answers are good for so long; an origin that is unknown is asked for sooner. In milliseconds. */
const FRESH_MS = 10_000
const ASK_AGAIN_MS = 1_000

export function createAllowedOrigins(options: { db: Executor; clock: Clock }): AllowedOrigins {
  const { db, clock } = options
  let known: ReadonlySet<string> = new Set()
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  const load = (): Promise<void> => {
    askedAt = clock.now()
    asking ??= listAllowedOrigins(db)
      .then((origins) => {
        known = new Set(origins)
      })
      .finally(() => {
        asking = undefined
      })
    return asking
  }

  return {
    load,
    async has(origin) {
      const age = clock.now() - askedAt
      // One that is known is answered at once; that it was taken away is learned beside.
      if (known.has(origin)) {
        if (age >= FRESH_MS) load().catch(() => {})
        return true
      }
      if (age >= ASK_AGAIN_MS || asking !== undefined) await load().catch(() => {})
      return known.has(origin)
    },
  }
}
