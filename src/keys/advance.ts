import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { KeyTiming } from '../config/key-timing.ts'
import type { Database } from '../db/connect.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import { createMakeFirstKeys } from './first-keys.ts'
import { decideSteps, type Step } from './life-cycle.ts'
import type { MasterKeys } from './master-keys.ts'
import { createSigningKey, type MakeKey } from './signing-key.ts'
import { raiseTokenTtl, readSigningKeys, readUsage } from './store.ts'
import { createTakeStep } from './take-step.ts'

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
  const { database, masterKeys, clock, random, timing } = options
  const { signingAlgorithms, accessTokenTtlSeconds } = options
  const db = database.kysely

  const makeKey: MakeKey = (algorithm) =>
    createSigningKey(algorithm, 'next', { masterKeys, random, at: clock.now() })
  const parts = { ...options, makeKey }
  const makeFirstKeys = createMakeFirstKeys(parts)
  const takeStep = createTakeStep(parts)

  return async () => {
    const { named, longestTtlSeconds } = await readUsage(db)
    const inUse = [...new Set([...signingAlgorithms, ...named])]
    const tokenTtlSeconds = Math.max(accessTokenTtlSeconds, longestTtlSeconds)
    const taken: Step[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const { keys, impossible } = await readSigningKeys(db)
      if (keys.length + impossible.length === 0) {
        await makeFirstKeys(inUse, tokenTtlSeconds)
        continue
      }
      const isShort = keys.some(
        (key) =>
          (key.state === 'next' || key.state === 'active') && key.tokenTtlSeconds < tokenTtlSeconds,
      )
      if (isShort) await raiseTokenTtl(db, tokenTtlSeconds)
      const steps = decideSteps(keys, inUse, timing, clock.now())
      const before = taken.length
      for (const step of steps) {
        if (await takeStep(step, keys, tokenTtlSeconds)) taken.push(step)
      }
      if (taken.length === before) break
    }
    return taken
  }
}
