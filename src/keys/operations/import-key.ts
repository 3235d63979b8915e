import type { KeyObject } from 'node:crypto'
import type { Actor, Event } from '../../audit/event.ts'
import type { RecordEvents } from '../../audit/store.ts'
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { REPLICA_LAG_SECONDS } from '../../config/key-timing.ts'
import type { Database, Executor } from '../../db/connect.ts'
import type { Algorithm } from '../../jwt/algorithms.ts'
import { isDue, placeOf } from '../life-cycle.ts'
import type { MasterKeys } from '../master-keys.ts'
import { toSigningKey } from '../signing-key.ts'
import { addSigningKey, holdActiveKey, markWithdrawn } from '../store.ts'
import { type KeySettings, readKeySchedule } from './schedule.ts'
import { holdNextKey } from './store.ts'

/** A key with that kid is there already, whatever its state. */
export class KeyExists extends Error {
  override readonly name = 'KeyExists'

  constructor(kid: string) {
    super(`the key is here already, as ${kid}: see mintmark keys status. None comes back`)
  }
}

/** The next key of the algorithm is about to sign; the same again in twenty seconds works. */
export class NextKeyBusy extends Error {
  override readonly name = 'NextKeyBusy'

  constructor(algorithm: Algorithm) {
    super(`the next key of ${algorithm} begins to sign just now: try again in twenty seconds`)
  }
}

/** A key that was imported. Instants are milliseconds since the epoch. */
export interface ImportedKey {
  readonly kid: string
  readonly algorithm: Algorithm
  /** `active` only where no verifier can have an older key that is good. */
  readonly state: 'next' | 'active'
  readonly signsFrom: number
  /** The kid of the next key whose place it has taken, and which has never signed. */
  readonly replaced: string | undefined
  /** Whether anybody is to get tokens that are signed by its algorithm. */
  readonly isInUse: boolean
}

/** The next key of its algorithm was made by somebody else meanwhile. */
class Overtaken extends Error {}

const ATTEMPTS = 3

/**
 * Takes in a private key that fits its algorithm, sealed under the first master key, as the next key of
 * the algorithm, with its events. Its kid is its thumbprint (RFC 7638). Throws KeyExists, NextKeyBusy
 * and DatabaseUnavailable.
 */
export type ImportKey = (
  privateKey: KeyObject,
  algorithm: Algorithm,
  actor: Actor,
) => Promise<ImportedKey>

export function createImportKey(options: {
  database: Database
  masterKeys: MasterKeys
  clock: Clock
  random: Random
  recordEvents: RecordEvents
  settings: KeySettings
}): ImportKey {
  const { database, masterKeys, clock, random, recordEvents, settings } = options

  const take = async (
    tx: Executor,
    privateKey: KeyObject,
    algorithm: Algorithm,
    { by, origin }: Actor,
  ): Promise<ImportedKey> => {
    const heldKid = await holdNextKey(tx, algorithm)
    const now = clock.now()
    const { keys, inUse, tokenTtlSeconds } = await readKeySchedule(tx, settings, now)
    const made = toSigningKey(privateKey, algorithm, 'next', { masterKeys, random, at: now })
    const { kid } = made
    if (keys.some((key) => key.kid === kid)) throw new KeyExists(kid)
    const held = keys.find((key) => key.kid === heldKid)
    // For so long a replica may not have noticed, and would sign with it from memory.
    const noticed = now + REPLICA_LAG_SECONDS * 1000
    if (held !== undefined && isDue(held, noticed)) throw new NextKeyBusy(algorithm)
    const others = keys.filter((key) => key.kid !== held?.kid)
    const { state, signsFrom, after } = placeOf(algorithm, others, settings, now)
    // Somebody may have revoked it since: what follows at once then is no next key.
    if (after !== undefined && !(await holdActiveKey(tx, after))) throw new Overtaken()
    const events: Event[] = []
    if (held !== undefined) {
      await markWithdrawn(tx, held.kid, ['next'], 'retired', now)
      events.push({ type: 'key.retired', kid: held.kid, alg: algorithm })
    }
    if (!(await addSigningKey(tx, { ...made, state, signsFrom, tokenTtlSeconds }))) {
      throw new Overtaken()
    }
    events.push({ type: 'key.imported', kid, alg: algorithm, by })
    await recordEvents(tx, origin, events)
    const isInUse = inUse.includes(algorithm)
    return { kid, algorithm, state, signsFrom, replaced: held?.kid, isInUse }
  }

  return async (privateKey, algorithm, actor) => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      try {
        return await database.transaction((tx) => take(tx, privateKey, algorithm, actor))
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error
      }
    }
    throw new NextKeyBusy(algorithm)
  }
}
