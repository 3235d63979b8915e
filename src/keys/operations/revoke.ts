import type { Actor, Event } from '../../audit/event.ts'
import type { RecordEvents } from '../../audit/store.ts'
import type { Clock } from '../../base/clock.ts'
import type { Database, Executor } from '../../db/connect.ts'
import type { Algorithm } from '../../jwt/algorithms.ts'
import { signingAt } from '../life-cycle.ts'
import type { KeyState, SigningKey } from '../signing-key.ts'
import { markActive, markRetiring, markWithdrawn } from '../store.ts'
import { whenKnown } from './arithmetic.ts'
import { effectiveKeys } from './effective.ts'
import { type Reach, reachOf } from './reach.ts'
import { type KeySchedule, type KeySettings, readKeySchedule } from './schedule.ts'
import { holdKey, holdNextKey, readChoosers } from './store.ts'

/** No key has that kid. */
export class KeyNotFound extends Error {
  override readonly name = 'KeyNotFound'

  constructor(kid: string) {
    super(`no signing key has the kid ${kid}: see mintmark keys status`)
  }
}

/** What the revocation of a key has done, or would do. Instants are milliseconds since the epoch. */
export interface Revocation extends Reach {
  readonly kid: string
  readonly algorithm: Algorithm
  /** What it counted as before. `revoked`: it had been revoked, and nothing was done. */
  readonly was: KeyState
  /** The key that signs in its place, or goes on signing; undefined when there is none. */
  readonly signer: SigningKey | undefined
  /** From when on every verifier knows the signer, at the latest. */
  readonly signerKnownFrom: number | undefined
}

/** Revokes keys, and says before what that would do. Both throw KeyNotFound and DatabaseUnavailable. */
export interface KeyRevocations {
  /** What a revocation would do; does nothing. */
  foresee(kid: string): Promise<Revocation>
  /**
   * The key is published no more and its private half is erased; if it signed, its next key signs from
   * now on. One transaction, with its events. A key that was revoked before stays as it is.
   */
  revoke(kid: string, actor: Actor): Promise<Revocation>
}

export function createKeyRevocations(options: {
  database: Database
  clock: Clock
  recordEvents: RecordEvents
  settings: KeySettings
}): KeyRevocations {
  const { database, clock, recordEvents, settings } = options

  const describe = async (db: Executor, key: SigningKey, before: KeySchedule) => {
    const { kid, algorithm } = key
    const [effective = key] = effectiveKeys(before.keys, before.now).filter(
      (one) => one.kid === kid,
    )
    const signer = signerWithout(key, before)
    return {
      ...reachOf(effective, before, await readChoosers(db), settings.signingAlgorithms[0]),
      kid,
      algorithm,
      was: effective.state,
      signer,
      signerKnownFrom: signer && whenKnown(signer, settings).at,
    }
  }
  const read = async (db: Executor, kid: string) => {
    const schedule = await readKeySchedule(db, settings, clock.now())
    const key = schedule.keys.find((one) => one.kid === kid)
    if (key === undefined) throw new KeyNotFound(kid)
    return { schedule, key }
  }

  return {
    async foresee(kid) {
      const { schedule, key } = await read(database.kysely, kid)
      return describe(database.kysely, key, schedule)
    },
    revoke: (kid, { by, origin }) =>
      database.transaction(async (tx) => {
        const { algorithm } = (await read(tx, kid)).key
        // In the order in which a rotation holds them, or each would wait for the other.
        await holdNextKey(tx, algorithm)
        await holdKey(tx, kid)
        const { schedule, key } = await read(tx, kid)
        const revocation = await describe(tx, key, schedule)
        if (key.state === 'revoked') return revocation
        const { signer } = revocation
        const { now } = schedule
        const isActive = key.state === 'active'
        if (isActive) await markRetiring(tx, algorithm, now)
        await markWithdrawn(tx, kid, [isActive ? 'retiring' : key.state], 'revoked', now)
        const events: Event[] = [{ type: 'key.revoked', kid, alg: algorithm, by }]
        if (isActive && signer && (await markActive(tx, signer.kid, signer.signsFrom))) {
          events.push({ type: 'key.activated', kid: signer.kid, alg: algorithm })
        }
        await recordEvents(tx, origin, events)
        return revocation
      }),
  }
}

/** Who signs once the key is revoked: whoever signs beside it, else its next key from now on. */
function signerWithout(
  { kid, algorithm, state }: SigningKey,
  { keys, now }: KeySchedule,
): SigningKey | undefined {
  const left = keys.filter((key) => key.kid !== kid)
  const signer = signingAt(left, algorithm, now)
  if (signer !== undefined || state !== 'active') return signer
  const next = left.find((key) => key.algorithm === algorithm && key.state === 'next')
  return next && { ...next, signsFrom: now }
}
