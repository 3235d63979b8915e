import { type Event, noOrigin } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { type KeyTiming, REPLICA_LAG_SECONDS } from '../config/key-timing.ts'
import type { Database, Executor } from '../db/connect.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import { decideSteps, type Step } from './life-cycle.ts'
import type { MasterKeys } from './master-keys.ts'
import { createSigningKey } from './signing-key.ts'
import {
  addSigningKey,
  holdActiveKey,
  holdDueKey,
  markActive,
  markPublished,
  markRetiring,
  markWithdrawn,
  raiseTokenTtl,
  readSigningKeys,
  readUsage,
} from './store.ts'

/**
 * Does what is due of the life cycle of the signing keys, and returns the steps that this replica
 * took. There is no leader: every replica tries the same, and of each step one succeeds. A step is one
 * transaction, so that whoever dies in the middle of it has done nothing. Throws DatabaseUnavailable.
 */
export type AdvanceKeys = () => Promise<Step[]>

/** One step leads to another: a key that was activated wants a successor. More than these is a fault. */
const ROUNDS = 4

export function createAdvanceKeys(options: {
  database: Database
  masterKeys: MasterKeys
  clock: Clock
  random: Random
  recordEvents: RecordEvents
  timing: KeyTiming
  /** Those that there are always keys of. */
  signingAlgorithms: readonly Algorithm[]
  accessTokenTtlSeconds: number
}): AdvanceKeys {
  const { database, masterKeys, clock, random, recordEvents, timing } = options
  const { signingAlgorithms, accessTokenTtlSeconds } = options
  const db = database.kysely

  const take = async (step: Step, tokenTtlSeconds: number): Promise<boolean> => {
    const now = clock.now()
    const told = { kid: 'kid' in step ? step.kid : '', alg: step.algorithm }
    // A key pair takes a moment to make: no transaction is held open for it.
    const made =
      step.do === 'create'
        ? await createSigningKey(step.algorithm, step.state, { masterKeys, random, at: now })
        : undefined
    return database.transaction(async (tx) => {
      const events = await apply(tx)
      if (events.length > 0) await recordEvents(tx, noOrigin, events)
      return events.length > 0
    })

    async function apply(tx: Executor): Promise<Event[]> {
      switch (step.do) {
        case 'create': {
          if (made === undefined) return []
          // Somebody may have revoked it since: what follows at once then is no next key.
          if (step.after !== undefined && !(await holdActiveKey(tx, step.after))) return []
          const key = { ...made, signsFrom: step.signsFrom, tokenTtlSeconds }
          if (!(await addSigningKey(tx, key))) return []
          return [{ type: 'key.created', kid: made.kid, alg: step.algorithm }]
        }
        case 'publish': {
          const isDone = await markPublished(tx, step.kid, now, step.signsFrom)
          return isDone ? [{ type: 'key.published', ...told }] : []
        }
        case 'activate': {
          const due = await holdDueKey(tx, step.kid, now)
          if (due === undefined) return []
          const predecessor = await markRetiring(tx, step.algorithm, due.signsFrom)
          await markActive(tx, step.kid, due.signsFrom)
          return [
            { type: 'key.activated', ...told },
            ...(predecessor === undefined
              ? []
              : [{ type: 'key.retiring' as const, kid: predecessor, alg: step.algorithm }]),
          ]
        }
        case 'lay_down': {
          // Others may sign with it until they have read that it has stopped.
          const until = now + REPLICA_LAG_SECONDS * 1000
          const stopped = await markRetiring(tx, step.algorithm, until)
          return stopped === undefined ? [] : [{ type: 'key.retiring', ...told }]
        }
        case 'retire': {
          const isDone = await markWithdrawn(tx, step.kid, ['retiring'], 'retired', now)
          return isDone ? [{ type: 'key.retired', ...told }] : []
        }
      }
    }
  }

  return async () => {
    const { named, longestTtlSeconds } = await readUsage(db)
    const inUse = [...new Set([...signingAlgorithms, ...named])]
    const tokenTtlSeconds = Math.max(accessTokenTtlSeconds, longestTtlSeconds)
    const taken: Step[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const { keys } = await readSigningKeys(db)
      const isShort = keys.some(
        (key) =>
          (key.state === 'next' || key.state === 'active') && key.tokenTtlSeconds < tokenTtlSeconds,
      )
      if (isShort) await raiseTokenTtl(db, tokenTtlSeconds)
      const steps = decideSteps(keys, inUse, timing, clock.now())
      if (steps.length === 0) break
      for (const step of steps) {
        if (await take(step, tokenTtlSeconds)) taken.push(step)
      }
    }
    return taken
  }
}
