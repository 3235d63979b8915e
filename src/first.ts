import { setTimeout as delay } from 'node:timers/promises'
import { isatty } from 'node:tty'
import type { Config } from './config.ts'
import { DatabaseUnavailable } from './db/failure.ts'
import { announcement } from './development/announce.ts'
import { createLifetime, type Lifetime } from './lifetime.ts'
import { createLogger, type Logger } from './telemetry/logger.ts'
import type { GivenToWorkers } from './worker.ts'
import { createCrew, StartFailed } from './workers/crew.ts'
import { createLaunch } from './workers/launch.ts'

/** Longer than a worker has, which says itself what took it too long. */
const PATIENCE_SECONDS = 2

/**
 * Runs the service by `WORKERS` processes until a signal ends it. At SIGHUP each of them is replaced by
 * a new one. This process, the first, opens what there can be only one of, and serves nothing itself.
 */
export async function serveByWorkers(config: Config): Promise<void> {
  const logger = createLogger({ level: config.logLevel })
  const { shutdownDelaySeconds, shutdownTimeoutSeconds } = config
  const launch = createLaunch<GivenToWorkers>()
  const crew = createCrew({ count: config.workers, launch, logger, pause: (ms) => delay(ms) })
  const lifetime = createLifetime({
    timeoutSeconds: shutdownDelaySeconds + shutdownTimeoutSeconds + PATIENCE_SECONDS,
    logger,
    signals: ['SIGINT', 'SIGTERM'],
    exit(code) {
      crew.stop()
      process.exit(code)
    },
  })
  const started = Promise.withResolvers<void>()
  onHangUp(lifetime, () => void started.promise.then(() => crew.roll()))
  try {
    await lifetime.run(async () => {
      const given = config.development ? await openForWorkers(config, lifetime) : {}
      const migrating = config.migrateOnStart
        ? startMigrating(`${config.databaseUrl}`, logger)
        : undefined
      await migrating?.tried
      lifetime.opens(crew.close)
      const [{ addresses }] = await Promise.all([crew.start(given), migrating?.done])
      started.resolve()
      const { seeded } = given
      if (seeded === undefined) return
      process.stderr.write(announcement(seeded, config.stateDirectory, addresses))
    })
  } catch (error) {
    if (!(error instanceof StartFailed)) throw error
    // It has said itself why.
    logger.error({ reason: error.message }, 'cannot start')
    process.exit(error.exitCode)
  }
}

/** Loaded only for development: it takes much. */
async function openForWorkers(config: Config, lifetime: Lifetime): Promise<GivenToWorkers> {
  const { openDatabaseForWorkers } = await import('./for-workers.ts')
  return openDatabaseForWorkers(config, lifetime)
}

/** Calls `roll` at each SIGHUP, but for that of a terminal that is gone: that one closes all. */
function onHangUp(lifetime: Lifetime, roll: () => void): void {
  const STDIN = 0
  const hadTerminal = isatty(STDIN)
  process.on('SIGHUP', () => {
    if (hadTerminal && !isatty(STDIN)) lifetime.close('SIGHUP')
    else roll()
  })
}

/**
 * Migrates, once and for all workers. `tried` is when it is done or the database has not answered:
 * then it goes on beside the workers, which answer what they can without one.
 */
function startMigrating(databaseUrl: string, logger: Logger) {
  const tried = Promise.withResolvers<void>()
  const migrate = async () => {
    // Loaded only here: what it takes stays, and workers have it themselves.
    const { migrateAt } = await import('./db/migrate.ts')
    for (let isTold = false; ; isTold = true) {
      try {
        return await migrateAt(databaseUrl)
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error
        if (!isTold) logger.warn({}, 'waiting to migrate: the database does not answer')
        tried.resolve()
        await delay(1_000)
      }
    }
  }
  const done = migrate()
  return { done, tried: Promise.race([tried.promise, done]) }
}
