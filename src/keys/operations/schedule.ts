import type { KeyTiming } from '../../config/key-timing.ts'
import type { Executor } from '../../db/connect.ts'
import type { Algorithm } from '../../jwt/algorithms.ts'
import type { SigningKey } from '../signing-key.ts'
import { readSigningKeys, readUsage } from '../store.ts'

/** What of the configuration decides about signing keys. */
export interface KeySettings extends KeyTiming {
  /** Those that there are always keys of; the first signs by default. */
  readonly signingAlgorithms: readonly Algorithm[]
  readonly accessTokenTtlSeconds: number
}

/** The keys and all that decides what becomes of them. */
export interface KeySchedule {
  /** Oldest first. */
  readonly keys: readonly SigningKey[]
  /** The kids of the rows that cannot be, which only another version understands. */
  readonly impossible: readonly string[]
  /** The algorithms that there are always keys of, and those that a client or an audience names. */
  readonly inUse: readonly Algorithm[]
  /** The longest that an access token lives which is made from now on. */
  readonly tokenTtlSeconds: number
  readonly timing: KeyTiming
  /** When it was read, in milliseconds since the epoch. */
  readonly now: number
}

/** Reads it. Throws DatabaseUnavailable. */
export async function readKeySchedule(
  db: Executor,
  settings: KeySettings,
  now: number,
): Promise<KeySchedule> {
  const { named, longestTtlSeconds } = await readUsage(db)
  return {
    ...(await readSigningKeys(db)),
    inUse: [...new Set([...settings.signingAlgorithms, ...named])],
    tokenTtlSeconds: Math.max(settings.accessTokenTtlSeconds, longestTtlSeconds),
    timing: settings,
    now,
  }
}

/** The algorithms that have a next key, or are to have one. */
export function turningAlgorithms({ keys, inUse }: KeySchedule): Algorithm[] {
  const next = keys.filter(({ state }) => state === 'next')
  return [...new Set([...inUse, ...next.map(({ algorithm }) => algorithm)])]
}
