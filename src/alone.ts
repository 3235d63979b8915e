import { systemRandom } from './base/random.ts'
import type { CompleteConfig } from './compose.ts'
import type { Config } from './config.ts'
import { migrateAt } from './db/migrate.ts'
import { announcement } from './development/announce.ts'
import { type Development, openDevelopment } from './development/open.ts'
import { seedDemo } from './development/seed.ts'
import { createLifetime, type Lifetime } from './lifetime.ts'
import { startReplica } from './replica.ts'
import { createLogger } from './telemetry/logger.ts'

/** Runs the service in this process until a signal ends it. */
export async function serveAlone(given: Config): Promise<void> {
  const logger = createLogger({ level: given.logLevel })
  const timeoutSeconds = given.shutdownDelaySeconds + given.shutdownTimeoutSeconds
  const lifetime = createLifetime({ timeoutSeconds, logger })
  const { opens } = lifetime
  await lifetime.run(async () => {
    const development = given.development ? await openOwn(given, lifetime) : undefined
    const config = development?.config ?? (given as CompleteConfig)
    const { stateDirectory: directory, issuer, databaseUrl } = config
    const isMigrating = config.migrateOnStart || config.development
    const { seeded, addresses } = await startReplica({
      config,
      logger,
      opens,
      migrate: isMigrating ? () => migrateAt(databaseUrl) : undefined,
      seed:
        development &&
        ((parts) => {
          const isNew = development.database.created
          return seedDemo({ ...parts, directory, issuer, databaseUrl, isNew })
        }),
    })
    if (seeded !== undefined) process.stderr.write(announcement(seeded, directory, addresses))
  })
}

/** Opens the embedded database, which ends with this process. */
export async function openOwn(given: Config, { opens }: Lifetime): Promise<Development> {
  const owner = `pid ${process.pid}, ${given.issuer}`
  const opening = openDevelopment(given, systemRandom, 'own', owner)
  opens(async () => {
    const development = await opening.catch(() => undefined)
    await development?.database.close()
  })
  return opening
}
