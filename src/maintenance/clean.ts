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

interface CleanOptions {
  db: Executor
  clock: Clock
  pause: () => Promise<void>
}

type DeleteSome = (db: Executor, before: number, limit: number) => Promise<number>

/**
 * Deletes sessions that expired a month ago, revocations of tokens that have expired, and verifiers
 * that were not seen for a month. Replicas may do so at once. Returns how many rows went.
 */
export async function clean(options: CleanOptions): Promise<number> {
  const now = options.clock.now()
  const sessions = await deleteAll(options, deleteExpiredSessions, now - SESSION_KEPT_MS)
  const tokens = await deleteAll(options, deleteExpiredRevocations, now)
  return sessions + tokens + (await deleteAll(options, deleteOldFetches, now - VERIFIER_KEPT_MS))
}

/**
 * Deletes what verifiers need not know any more. Of these there may be many an hour, which live for
 * minutes, and every replica that starts reads past them. Replicas may do so at once. Returns how many
 * rows went.
 */
export function cleanFeed(options: CleanOptions): Promise<number> {
  return deleteAll(options, deleteOverRevocations, options.clock.now())
}

async function deleteAll(
  { db, pause }: CleanOptions,
  deleteSome: DeleteSome,
  before: number,
): Promise<number> {
  for (let total = 0; ; ) {
    const deleted = await deleteSome(db, before, BATCH)
    total += deleted
    if (deleted < BATCH) return total
    await pause()
  }
}
