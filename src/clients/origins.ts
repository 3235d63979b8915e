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
  /** Whether a page of this origin is known to may call. Never waits: what is old is read beside. */
  knows(origin: string): boolean
  /**
   * The same, after a look at the database if it is not known. While that is away, what was known
   * before goes on; throws DatabaseUnavailable if nothing ever was.
   */
  ask(origin: string): Promise<boolean>
}

/** Old answers are good for so long; an origin that is unknown is asked for sooner. In milliseconds. */
const FRESH_MS = 10_000
const ASK_AGAIN_MS = 1_000

/** Nothing is read until the first question, or `load`. */
export function createAllowedOrigins(options: { db: Executor; clock: Clock }): AllowedOrigins {
  const { db, clock } = options
  let known: ReadonlySet<string> | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  const read = async () => {
    askedAt = clock.now()
    known = new Set(await listAllowedOrigins(db))
  }
  const load = (): Promise<void> => {
    asking ??= read().finally(() => {
      asking = undefined
    })
    return asking
  }
  const isOlderThan = (age: number) => clock.now() - askedAt >= age

  const knows = (origin: string) => {
    const isKnown = known?.has(origin) === true
    if (isOlderThan(isKnown ? FRESH_MS : ASK_AGAIN_MS)) load().catch(() => {})
    return isKnown
  }
  return {
    load,
    knows,
    async ask(origin) {
      if (knows(origin)) return true
      // Just begun, or by somebody else; else what is known is new enough.
      await asking?.catch((error: unknown) => {
        if (known === undefined) throw error
      })
      return known?.has(origin) === true
    },
  }
}
