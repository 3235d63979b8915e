import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from './base/clock.ts'
import { systemRandom } from './base/random.ts'
import { type CompleteConfig, compose } from './compose.ts'
import { processEnvironment, readConfig } from './config.ts'
import { migrateAt } from './db/migrate.ts'
import { announcement } from './development/announce.ts'
import { type Development, openDevelopment } from './development/open.ts'
import { seedDemo } from './development/seed.ts'
import { createApp } from './http/app.ts'
import { prepare } from './maintenance/prepare.ts'
import { runMaintenance } from './maintenance/runner.ts'
import { closeOnSignal } from './shutdown.ts'
import { createLogger } from './telemetry/logger.ts'
import { version } from './version.ts'

const pause = () => delay(1_000)

/** Runs the service until a signal ends it. Throws, with a message fit to print, when it cannot. */
export async function serve(): Promise<void> {
  const given = readConfig(processEnvironment())
  const random = systemRandom
  const owner = `pid ${process.pid}, ${given.issuer}`
  const development = given.development
    ? await openDevelopment(given, random, 'own', owner)
    : undefined
  try {
    await run(development?.config ?? (given as CompleteConfig), development)
  } catch (error) {
    await development?.database.close()
    throw error
  }
}

async function run(config: CompleteConfig, development: Development | undefined): Promise<void> {
  const logger = createLogger({ level: config.logLevel })
  const hostClock = systemClock
  const parts = compose({ config, logger, hostClock, random: systemRandom })
  const app = await createApp({ ...parts, version })
  await app.listen({ host: config.host, port: config.port, listenTextResolver: () => 'listening' })
  let stopMaintenance = () => {}
  closeOnSignal({
    timeoutSeconds: config.shutdownTimeoutSeconds,
    exit: process.exit,
    onFailure: (err) => logger.error({ err }, 'did not close cleanly'),
    async close(signal) {
      logger.info({ signal }, 'closing')
      parts.readiness.drain()
      await delay(config.shutdownDelaySeconds * 1000)
      await app.close()
      stopMaintenance()
      await parts.database.close()
      await development?.database.close()
    },
  })
  const migrate =
    config.migrateOnStart || config.development ? () => migrateAt(config.databaseUrl) : undefined
  await prepare({ ...parts, migrate, pause })
  stopMaintenance = runMaintenance({ ...parts, pause })
  if (development !== undefined) {
    const { stateDirectory: directory, issuer, databaseUrl } = config
    const isNew = development.database.created
    const demo = await seedDemo({ ...parts, directory, issuer, databaseUrl, isNew })
    process.stderr.write(announcement(demo, directory))
  }
}

if (import.meta.main) {
  serve().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  })
}
