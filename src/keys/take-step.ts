import { type Event, noOrigin } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import { type KeyTiming, REPLICA_LAG_SECONDS } from '../config/key-timing.ts'
import type { Database, Executor } from '../db/connect.ts'
import { UnfitKey } from '../jwt/accept-key.ts'
import { placeOf, type Step } from './life-cycle.ts'
import type { MasterKeys } from './master-keys.ts'
import { openKey } from './open-key.ts'
import { CannotUnseal } from './seal.ts'
import type { MakeKey, SigningKey } from './signing-key.ts'
import {
  addSigningKey,
  holdActiveKey,
  holdDueKey,
  markActive,
  markPublished,
  markRetiring,
  markWithdrawn,
  readSigningKeys,
} from './store.ts'

const LAG_MS = REPLICA_LAG_SECONDS * 1000

/**
 * Takes one step of the life cycle, in one transaction with its events, if it is still due. Returns
 * whether it was this replica that took it. Throws DatabaseUnavailable.
 * @param keys what the step was decided by
 * @param tokenTtlSeconds the longest life of a token that a new key may sign
 */
export type TakeStep = (
  step: Step,
  keys: readonly SigningKey[],
  tokenTtlSeconds: number,
) => Promise<boolean>

export function createTakeStep(options: {
  database: Database
  masterKeys: MasterKeys
  clock: Clock
  recordEvents: RecordEvents
  timing: KeyTiming
  makeKey: MakeKey
}): TakeStep {
  const { database, masterKeys, clock, recordEvents, timing, makeKey } = options

  /** A key that nobody here can sign by must not take the place of one that signs. */
  const opens = (key: SigningKey | undefined): boolean => {
    if (key === undefined) return false
    try {
      openKey(key, masterKeys)
      return true
    } catch (error) {
      if (error instanceof CannotUnseal || error instanceof UnfitKey) return false
      throw error
    }
  }

  return async (step, keys, tokenTtlSeconds) => {
    const needsOpening = step.do === 'publish' || step.do === 'activate'
    if (needsOpening && !opens(keys.find(({ kid }) => kid === step.kid))) return false
    // A key pair takes a moment to make: no transaction is held open for it.
    const made = step.do === 'create' ? await makeKey(step.algorithm) : undefined
    return database.transaction(async (tx) => {
      const events = await apply(tx, clock.now())
      if (events.length > 0) await recordEvents(tx, noOrigin, events)
      return events.length > 0
    })

    async function apply(tx: Executor, now: number): Promise<Event[]> {
      const alg = step.algorithm
      switch (step.do) {
        case 'create': {
          if (made === undefined || !(await isStillThere(tx, step, now))) return []
          const { state, signsFrom } = step
          const key = { ...made, state, signsFrom, createdAt: now, tokenTtlSeconds }
          if (!(await addSigningKey(tx, key))) return []
          return [{ type: 'key.created', kid: made.kid, alg }]
        }
        case 'publish': {
          const isDone = await markPublished(tx, step.kid, now, step.signsFrom)
          return isDone ? [{ type: 'key.published', kid: step.kid, alg }] : []
        }
        case 'activate': {
          const due = await holdDueKey(tx, step.kid, now)
          if (due === undefined) return []
          // If nobody was there at its turn, nobody has signed since: it begins now.
          const signsFrom = now - due.signsFrom > LAG_MS ? now : due.signsFrom
          const predecessor = await markRetiring(tx, alg, signsFrom)
          await markActive(tx, step.kid, signsFrom)
          const activated: Event = { type: 'key.activated', kid: step.kid, alg }
          if (predecessor === undefined) return [activated]
          return [activated, { type: 'key.retiring', kid: predecessor, alg }]
        }
        case 'lay_down': {
          // Others may sign with it until they have read that it has stopped.
          const stopped = await markRetiring(tx, alg, now + LAG_MS, step.kid)
          return stopped === undefined ? [] : [{ type: 'key.retiring', kid: stopped, alg }]
        }
        case 'retire': {
          const isDone = await markWithdrawn(tx, step.kid, ['retiring'], 'retired', now)
          return isDone ? [{ type: 'key.retired', kid: step.kid, alg }] : []
        }
      }
    }
  }

  /** Whether a key that was decided on would still stand there: making it took time. */
  async function isStillThere(
    tx: Executor,
    step: Step & { do: 'create' },
    now: number,
  ): Promise<boolean> {
    const { keys } = await readSigningKeys(tx)
    const place = placeOf(step.algorithm, keys, timing, now)
    if (place.state !== step.state || place.after !== step.after) return false
    if (place.signsFrom > step.signsFrom + LAG_MS) return false
    // Somebody may revoke it just now: what follows at once then is no next key.
    return step.after === undefined || holdActiveKey(tx, step.after)
  }
}
