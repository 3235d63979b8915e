import type { Actor } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Random } from '../base/random.ts'
import type { Database } from '../db/connect.ts'
import { UnfitKey } from '../jwt/accept-key.ts'
import type { MasterKeys } from './master-keys.ts'
import { CannotUnseal } from './seal.ts'
import { replaceSeal } from './seals/store.ts'
import { resealPrivateKey, type SigningKey } from './signing-key.ts'
import { listSigningKeys } from './store.ts'

/** What became of one signing key. */
export interface Reencryption {
  readonly kid: string
  readonly algorithm: SigningKey['algorithm']
  /** The id of the master key that had sealed it. */
  readonly from: number
  /** `overtaken`: somebody else sealed or erased it meanwhile. `closed`: it does not open. */
  readonly outcome: 'reencrypted' | 'overtaken' | 'closed'
  /** Why it does not open: names key and master key by their ids. */
  readonly problem: string | undefined
}

/**
 * Seals the private halves that are not sealed under the first master key under that one, each in a
 * transaction with its event. Whoever else does so at the same time, or erases a key, is not undone:
 * a row is changed only while it is as it was read. Returns what became of those keys, and nothing of
 * the others. Throws DatabaseUnavailable; what had been done by then stays done.
 */
export type ReencryptKeys = (actor: Actor) => Promise<Reencryption[]>

export function createReencryptKeys(options: {
  database: Database
  masterKeys: MasterKeys
  random: Random
  recordEvents: RecordEvents
}): ReencryptKeys {
  const { database, masterKeys, random, recordEvents } = options

  const reencrypt = (key: SigningKey, from: number, { by, origin }: Actor): Promise<boolean> => {
    const sealed = resealPrivateKey(key, { masterKeys, random })
    return database.transaction(async (tx) => {
      if (key.sealed === undefined || !(await replaceSeal(tx, key.kid, key.sealed, sealed))) {
        return false
      }
      const { kid, algorithm: alg } = key
      const { masterKeyId } = sealed
      await recordEvents(tx, origin, [{ type: 'key.reencrypted', kid, alg, masterKeyId, from, by }])
      return true
    })
  }

  return async (actor) => {
    const done: Reencryption[] = []
    for (const key of await listSigningKeys(database.kysely)) {
      const from = key.sealed?.masterKeyId
      if (from === undefined || from === masterKeys.first) continue
      const { kid, algorithm } = key
      try {
        const outcome = (await reencrypt(key, from, actor)) ? 'reencrypted' : 'overtaken'
        done.push({ kid, algorithm, from, outcome, problem: undefined })
      } catch (error) {
        // One that is closed is no reason to leave the others as they are.
        if (!(error instanceof CannotUnseal) && !(error instanceof UnfitKey)) throw error
        done.push({ kid, algorithm, from, outcome: 'closed', problem: error.message })
      }
    }
    return done
  }
}
