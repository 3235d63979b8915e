import type { Actor } from '../../audit/event.ts'
import type { RecordEvents } from '../../audit/store.ts'
import type { Clock } from '../../base/clock.ts'
import type { KeyTiming } from '../../config/key-timing.ts'
import type { Database } from '../../db/connect.ts'
import type { Algorithm } from '../../jwt/algorithms.ts'
import type { SigningKey } from '../signing-key.ts'
import { readSigningKeys } from '../store.ts'
import { type Arithmetic, whenKnown, whenNoticed } from './arithmetic.ts'
import { holdNextKey, putSignsFrom } from './store.ts'

/** What became of the wish that the next key of an algorithm signs as soon as it can. */
export interface HastenedRotation {
  readonly algorithm: Algorithm
  /** `unchanged`: it is due as early already. `no_next_key`: the running service makes one. */
  readonly outcome: 'hastened' | 'unchanged' | 'no_next_key'
  /** The next key; this and all below are undefined where there is none. */
  readonly kid: string | undefined
  /** When it was to sign before, in milliseconds since the epoch. */
  readonly before: number | undefined
  /** When it signs now, in milliseconds since the epoch. */
  readonly signsFrom: number | undefined
  /** Why not earlier: the instant that no wish can bring it before. */
  readonly earliest: Arithmetic | undefined
}

/**
 * Has the next key of an algorithm sign as early as no verifier can be surprised by it, with its event.
 * A key that is due as early already stays as it is. Throws DatabaseUnavailable.
 */
export type RotateNow = (algorithm: Algorithm, actor: Actor) => Promise<HastenedRotation>

export function createRotateNow(options: {
  database: Database
  clock: Clock
  recordEvents: RecordEvents
  timing: KeyTiming
}): RotateNow {
  const { database, clock, recordEvents, timing } = options
  return (algorithm, { by, origin }) =>
    database.transaction(async (tx) => {
      const kid = await holdNextKey(tx, algorithm)
      const next = (await readSigningKeys(tx)).keys.find((key) => key.kid === kid)
      if (next === undefined) {
        const none = { before: undefined, signsFrom: undefined, earliest: undefined }
        return { algorithm, outcome: 'no_next_key', kid, ...none }
      }
      const before = next.signsFrom
      const earliest = earliestTurn(next, clock.now(), timing)
      if (before <= earliest.at) {
        return { algorithm, outcome: 'unchanged', kid, before, signsFrom: before, earliest }
      }
      await putSignsFrom(tx, next.kid, earliest.at)
      const signsFrom = new Date(earliest.at).toISOString()
      await recordEvents(tx, origin, [
        { type: 'key.rotation_planned', kid: next.kid, alg: algorithm, signsFrom, by },
      ])
      return { algorithm, outcome: 'hastened', kid, before, signsFrom: earliest.at, earliest }
    })
}

/** Every verifier must know the key, and every replica that it is to sign. */
function earliestTurn(next: SigningKey, now: number, timing: KeyTiming): Arithmetic {
  const [known, noticed] = [whenKnown(next, timing), whenNoticed(now)]
  return known.at > noticed.at ? known : noticed
}
