import { openOwn } from './alone.ts'
import { systemClock } from './base/clock.ts'
import { systemRandom } from './base/random.ts'
import { compose } from './compose.ts'
import type { Config } from './config.ts'
import { migrateAt } from './db/migrate.ts'
import { seedDemo } from './development/seed.ts'
import type { Lifetime } from './lifetime.ts'
import { createLogger } from './telemetry/logger.ts'
import type { GivenToWorkers } from './worker.ts'

/** Opens the embedded database of development, migrates and fills it: what all workers then use. */
export async function openDatabaseForWorkers(
  given: Config,
  lifetime: Lifetime,
): Promise<GivenToWorkers> {
  const { config, database } = await openOwn(given, lifetime)
  const { databaseUrl, stateDirectory: directory, issuer } = config
  await migrateAt(databaseUrl)
  const logger = createLogger({ level: config.logLevel })
  const parts = compose({ config, logger, hostClock: systemClock, random: systemRandom })
  try {
    const isNew = database.created
    const seeded = await seedDemo({ ...parts, directory, issuer, databaseUrl, isNew })
    return { databaseUrl, seeded }
  } finally {
    await parts.database.close()
  }
}
