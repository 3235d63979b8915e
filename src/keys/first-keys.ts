import { noOrigin } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import type { KeyTiming } from '../config/key-timing.ts'
import type { Database } from '../db/connect.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import type { MakeKey, SigningKey } from './signing-key.ts'
import { addSigningKey } from './store.ts'

/**
 * Makes the first keys of a database: an active and a next one of each algorithm, all in one transaction.
 * Nobody can see a part of them, and take what is missing for new. Returns whether it was this replica's
 * that stand. Throws DatabaseUnavailable.
 */
export type MakeFirstKeys = (
  algorithms: readonly Algorithm[],
  tokenTtlSeconds: number,
) => Promise<boolean>

export function createMakeFirstKeys(options: {
  database: Database
  clock: Clock
  recordEvents: RecordEvents
  timing: KeyTiming
  makeKey: MakeKey
}): MakeFirstKeys {
  const { database, clock, recordEvents, timing, makeKey } = options
  return async (algorithms, tokenTtlSeconds) => {
    const made: SigningKey[] = []
    // In one order everywhere, or two replicas could wait for each other.
    for (const algorithm of algorithms.toSorted()) {
      made.push(await makeKey(algorithm), await makeKey(algorithm))
    }
    const work = database.transaction(async (tx) => {
      const now = clock.now()
      for (const [place, key] of made.entries()) {
        const isActive = place % 2 === 0
        const signsFrom = isActive ? now : now + timing.keyRotateEverySeconds * 1000
        const state = isActive ? 'active' : 'next'
        const row: SigningKey = { ...key, state, createdAt: now, signsFrom, tokenTtlSeconds }
        // It waits for whoever was sooner, and is not added then; nor are the others.
        if (!(await addSigningKey(tx, row))) throw new Overtaken()
        await recordEvents(tx, noOrigin, [
          { type: 'key.created', kid: key.kid, alg: key.algorithm },
        ])
      }
      return true
    })
    return work.catch((error) => {
      if (error instanceof Overtaken) return false
      throw error
    })
  }
}

/** Thrown inside the transaction, to undo it. */
class Overtaken extends Error {}
