import { randomBytes } from 'node:crypto'
import { systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/config.ts'
import { connectDatabase } from '../../src/db/connect.ts'
import { migrateUp } from '../../src/db/migrate.ts'
import { createAdvanceKeys } from '../../src/keys/advance.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'

/** The master key of every test's service; its signing keys are in the template. */
export const TEST_MASTER_KEY = {
  id: 1,
  key: Buffer.from('9b2f6c1ad8e47035b1c90f5e2a7d8843f06e1b5c7a92d4e8310fb6c5aa4d7e21', 'hex'),
}

/** Migrates a database and makes its signing keys, once for all the tests that copy it. */
export async function prepareTemplate(url: string): Promise<void> {
  const database = connectDatabase({ url, poolSize: 1, onIdleError: () => {}, patient: true })
  try {
    await migrateUp(database)
    const masterKeys = createMasterKeys([TEST_MASTER_KEY])
    const random = { bytes: (length: number) => randomBytes(length) }
    // A test finds its own events and no others.
    const recordEvents = async () => {}
    await createAdvanceKeys({
      database,
      masterKeys,
      clock: systemClock,
      random,
      recordEvents,
      timing: readConfig({}),
      signingAlgorithms: ['ES256', 'RS256'],
      accessTokenTtlSeconds: 600,
    })()
  } finally {
    await database.close()
  }
}
