import type { Clock } from '../base/clock.ts'
import type { Executor } from '../db/connect.ts'
import { deleteOldFetches } from '../keys/fetches/store.ts'
import { deleteOverRevocations } from '../revocations/feed/store.ts'
import { deleteExpiredRevocations } from '../revocations/store.ts'
import { deleteExpiredSessions } from '../sessions/store.ts'

/** An expired session is kept for so long, so that its owner can still be told why it ended. */
const SESSION_KEPT_MS = 30 * 86_400_000

/** An address that has fetched the JWKS is forgotten this long after it did so last. */
const VERIFIER_KEPT_MS = 30 * 86_400_000

/** Few rows at a time, with pauses: large deletes push up the latency of every refresh beside them. */
const BATCH = 500

/**
 * Deletes sessions that expired a month ago, revocations of tokens that have expired, what verifiers
 * need not know any more, and verifiers that were not seen for a month. Replicas may do so at once. Returns how many rows went.
 */
export async function clean(options: {
  db: Executor
  clock: Clock
  pause: () => Promise<void>
}): Promise<number> {
  const { db, clock, pause } = options
  let total = 0
  for (const [deleteSome, before] of [
    [deleteExpiredSessions, clock.now() - SESSION_KEPT_MS],
    [deleteExpiredRevocations, clock.now()],
    [deleteOverRevocations, clock.now()],
    [deleteOldFetches, clock.now() - VERIFIER_KEPT_MS],
  ] as const) {
    for (;;) {
      const deleted = await deleteSome(db, before, BATCH)
      total += deleted
      if (deleted < BATCH) break
      await pause()
    }
  }
  return total
}
