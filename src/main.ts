import { isIPv6 } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from './base/clock.ts'
import { systemRandom } from './base/random.ts'
import { type CompleteConfig, compose } from './compose.ts'
import { type Config, processEnvironment, readConfig } from './config.ts'
import { migrateAt } from './db/migrate.ts'
import { createAdminExamples } from './development/admin-examples.ts'
import { announcement } from './development/announce.ts'
import { createLiveExamples } from './development/examples.ts'
import { type Development, openDevelopment } from './development/open.ts'
import { type SeededDemo, seedDemo } from './development/seed.ts'
import { createAdminApp } from './http/admin-app.ts'
import { createApp } from './http/app.ts'
import { CannotListen, listen } from './http/listen.ts'
import { prepare } from './maintenance/prepare.ts'
import { createRememberKeys } from './maintenance/remember-keys.ts'
import { runMaintenance } from './maintenance/runner.ts'
import { closeOnSignal } from './shutdown.ts'
import { createLogger, type Logger } from './telemetry/logger.ts'
import { version } from './version.ts'

const pause = () => delay(1_000)

type Closer = () => Promise<void>

/** Thrown inside a start that a signal has overtaken. */
class Overtaken extends Error {}

/** Runs the service until a signal ends it. Throws, with a message fit to print, when it cannot. */
export async function serve(): Promise<void> {
  const given = readConfig(processEnvironment())
  const logger = createLogger({ level: given.logLevel })
  const opened: Closer[] = []
  let isClosing = false
  const closeAll = async () => {
    isClosing = true
    const failures: unknown[] = []
    for (const close of opened.toReversed()) await close().catch((error) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
  const opens = (closer: Closer) => {
    if (isClosing) throw new Overtaken()
    opened.push(closer)
  }
  // Before anything is open, so that a signal in the middle of the start leaves no database behind.
  closeOnSignal({
    timeoutSeconds: given.shutdownDelaySeconds + given.shutdownTimeoutSeconds,
    exit: process.exit,
    onFailure: (err) => logger.error({ err }, 'did not close cleanly'),
    close(signal) {
      logger.info({ signal }, 'closing')
      return closeAll()
    },
  })
  try {
    await start(given, logger, opens)
  } catch (error) {
    // What fails because everything is being closed has its exit code from there.
    if (isClosing) return
    await closeAll()
    throw error
  }
}

/** Opens one thing after the other, the database first; `opens` is told how to close each. */
async function start(given: Config, logger: Logger, opens: (closer: Closer) => void) {
  const development = given.development ? await open(given, opens) : undefined
  const config = development?.config ?? (given as CompleteConfig)
  const { host, port, stateDirectory: directory, issuer, databaseUrl } = config
  const parts = compose({ config, logger, hostClock: systemClock, random: systemRandom })
  opens(parts.database.close)
  let seeded: SeededDemo | undefined
  const liveExamples = development && createLiveExamples({ ...parts, demo: () => seeded?.demo })
  const adminExamples = development && createAdminExamples({ ...parts, demo: () => seeded?.demo })
  const createAdmin = () => createAdminApp({ ...parts, version, liveExamples: adminExamples })
  // Before the public port, which nobody shall find open in a process that is about to end.
  const adminAddress = await openAdmin(config, createAdmin, logger, opens)
  const rememberKeys = createRememberKeys(parts)
  await rememberKeys.unlessAnswered()
  const app = await createApp({ ...parts, version, liveExamples })
  const variables = { host: 'HOST', port: 'PORT' }
  await listen(app, { what: 'listening', host, port, variables }, opens)
  opens(async () => {
    parts.readiness.drain()
    // Before its keys are loaded it has never said that it is ready: there is nobody to wait for.
    if (parts.keyRing.loaded) await delay(config.shutdownDelaySeconds * 1000)
  })
  const isMigrating = config.migrateOnStart || config.development
  await prepare({
    ...parts,
    rememberKeys,
    migrate: isMigrating ? () => migrateAt(databaseUrl) : undefined,
    async seed() {
      if (development === undefined) return
      const isNew = development.database.created
      seeded = await seedDemo({ ...parts, directory, issuer, databaseUrl, isNew })
    },
    pause,
  })
  const stopMaintenance = runMaintenance({ ...parts, pause })
  opens(async () => stopMaintenance())
  const stopFeed = parts.revocationFeed.run()
  opens(async () => stopFeed())
  if (seeded === undefined) return
  const addresses = { address: addressOf(host, port), adminAddress }
  process.stderr.write(announcement(seeded, directory, addresses))
}

/**
 * Opens the admin API where there is to be one, and returns its address. Development, which has one
 * unasked, goes without when somebody else has the port.
 */
async function openAdmin(
  config: Config,
  create: () => ReturnType<typeof createAdminApp>,
  logger: Logger,
  opens: (closer: Closer) => void,
): Promise<string | undefined> {
  const { adminHost: host, development } = config
  const next = config.port + 1
  const port = config.adminPort ?? (development && next < 65_536 ? next : 'off')
  if (port === 'off') return undefined
  try {
    const variables = { host: 'ADMIN_HOST', port: 'ADMIN_PORT' }
    await listen(await create(), { what: 'admin API', host, port, variables }, opens)
    return addressOf(host, port)
  } catch (error) {
    const isTaken = error instanceof CannotListen && error.isTaken
    if (!isTaken || config.adminPort !== undefined) throw error
    logger.warn({ port }, 'there is no admin API: its port is in use; set ADMIN_PORT to a free one')
    return undefined
  }
}

function addressOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`
}

async function open(given: Config, opens: (closer: Closer) => void): Promise<Development> {
  const owner = `pid ${process.pid}, ${given.issuer}`
  const opening = openDevelopment(given, systemRandom, 'own', owner)
  opens(async () => {
    const development = await opening.catch(() => undefined)
    await development?.database.close()
  })
  return opening
}

if (import.meta.main) {
  serve().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  })
}
