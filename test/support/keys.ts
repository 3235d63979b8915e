import { createRecordEvents, createToEventRow } from '../../src/audit/store.ts'
import type { Clock } from '../../src/base/clock.ts'
import type { KeyTiming } from '../../src/config/key-timing.ts'
import type { MasterKey } from '../../src/config/master-keys.ts'
import type { Database } from '../../src/db/connect.ts'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { type AdvanceKeys, createAdvanceKeys } from '../../src/keys/advance.ts'
import { createKeyRing, type KeyFault, type KeyRing } from '../../src/keys/key-ring.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { createStoppedClock } from './clock.ts'
import { createSeededRandom } from './random.ts'
import { TEST_MASTER_KEY } from './template.ts'

/** The timing of the defaults. */
export const TIMING: KeyTiming = {
  keyRotateEverySeconds: 30 * 86_400,
  keyPublishAheadSeconds: 86_400,
  verifierCacheTtlSeconds: 3600,
}

/** What one replica has of the signing keys. */
export interface TestKeys {
  keyRing: KeyRing
  advanceKeys: AdvanceKeys
  /** Does what is due, and reads the outcome. */
  keep(): Promise<void>
  faults: KeyFault[]
}

/** A replica's keys on a database, on a clock that stands still. */
export function createTestKeys(options: {
  database: Database
  clock?: Clock
  masterKeys?: readonly MasterKey[]
  seed?: string
  timing?: KeyTiming
  signingAlgorithms?: readonly Algorithm[]
  accessTokenTtlSeconds?: number
}): TestKeys {
  const { database, clock = createStoppedClock(), timing = TIMING } = options
  const random = createSeededRandom(options.seed ?? 'keys')
  const masterKeys = createMasterKeys(options.masterKeys ?? [TEST_MASTER_KEY])
  const faults: KeyFault[] = []
  const keyRing = createKeyRing({
    database,
    masterKeys,
    clock,
    timing,
    correctClock: async () => {},
    onFault: (fault) => faults.push(fault),
  })
  const advanceKeys = createAdvanceKeys({
    database,
    masterKeys,
    clock,
    random,
    recordEvents: createRecordEvents(createToEventRow({ clock, random })),
    timing,
    signingAlgorithms: options.signingAlgorithms ?? ['ES256', 'RS256'],
    accessTokenTtlSeconds: options.accessTokenTtlSeconds ?? 600,
  })
  const keep = async () => {
    await advanceKeys()
    await keyRing.load()
  }
  return { keyRing, advanceKeys, keep, faults }
}
