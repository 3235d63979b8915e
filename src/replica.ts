import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from './base/clock.ts'
import { systemRandom } from './base/random.ts'
import { type CompleteConfig, type Composition, compose } from './compose.ts'
import type { Config } from './config.ts'
import { createAdminExamples } from './development/admin-examples.ts'
import type { Addresses } from './development/announce.ts'
import { createLiveExamples } from './development/examples.ts'
import type { SeededDemo } from './development/seed.ts'
import { createAdminApp } from './http/admin-app.ts'
import { createApp } from './http/app.ts'
import type { Farewell } from './http/farewell.ts'
import type { Others } from './http/limits/others.ts'
import { CannotListen, listen, localUrl } from './http/listen.ts'
import { prepare } from './maintenance/prepare.ts'
import { createRememberKeys } from './maintenance/remember-keys.ts'
import { runMaintenance } from './maintenance/runner.ts'
import type { Logger } from './telemetry/logger.ts'
import { version } from './version.ts'

const pause = () => delay(1_000)

type Opens = (closer: () => Promise<void>) => void

/** What a process brings to the replica that it runs. */
export interface ReplicaOptions {
  readonly config: CompleteConfig
  readonly logger: Logger
  /** Is told how to close what is about to be opened. */
  readonly opens: Opens
  /** Applies migrations; without it they are waited for. */
  readonly migrate?: (() => Promise<string[]>) | undefined
  /** What a development database is filled with, or was. Called until it has succeeded. */
  readonly seed?: ((parts: Composition) => Promise<SeededDemo>) | undefined
  /** What this replica is, as one of several workers. */
  readonly worker?: {
    /** The others serve: nobody shall find this one before it does. */
    readonly waits: boolean
    /** Whether they go on serving when this one ends. */
    isLeaving(): boolean
    readonly farewell: Farewell
    /** Those of the public API, and of the admin API. */
    readonly others: { readonly public: Others; readonly admin: Others }
  }
}

/** A replica that serves. */
export interface Replica {
  readonly addresses: Addresses
  /** Undefined outside of development. */
  readonly seeded: SeededDemo | undefined
}

/** So long the connections of a worker that leaves may go on: whoever is silent for longer is hung up on. */
export const FAREWELL_SECONDS = 5

/** Opens one thing after the other, the database first. Returns when requests are served. */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const { config, logger, opens, worker } = options
  const { host, port } = config
  const farewell = worker?.farewell
  const parts = compose({ config, logger, hostClock: systemClock, random: systemRandom })
  opens(parts.database.close)
  let seeded: SeededDemo | undefined
  const demo = () => seeded?.demo
  const isDevelopment = options.seed !== undefined
  // Those of other workers are in use.
  const exampleOptions = { ...parts, demo, endsFormer: worker === undefined }
  const liveExamples = isDevelopment ? createLiveExamples(exampleOptions) : undefined
  const adminExamples = isDevelopment ? createAdminExamples({ ...parts, demo }) : undefined
  const rememberKeys = createRememberKeys(parts)

  const open = async (): Promise<string | undefined> => {
    const common = { ...parts, version, farewell }
    const createAdmin = () =>
      createAdminApp({ ...common, liveExamples: adminExamples, others: worker?.others.admin })
    // Before the public port, which nobody shall find open in a process that is about to end.
    const adminAddress = await openAdmin(config, createAdmin, logger, opens)
    await rememberKeys.unlessAnswered()
    const app = await createApp({ ...common, liveExamples, others: worker?.others.public })
    const variables = { host: 'HOST', port: 'PORT' }
    await listen(app, { what: 'listening', host, port, variables }, opens)
    opens(async () => {
      if (worker?.isLeaving()) return worker.farewell.say(FAREWELL_SECONDS * 1000)
      parts.readiness.drain()
      // Before its keys are loaded it has never said that it is ready: there is nobody to wait for.
      if (parts.keyRing.loaded) await delay(config.shutdownDelaySeconds * 1000)
    })
    return adminAddress
  }
  const become = () =>
    prepare({
      ...parts,
      rememberKeys,
      migrate: options.migrate,
      async seed() {
        seeded = await options.seed?.(parts)
      },
      pause,
    })

  if (worker?.waits) await become()
  const adminAddress = await open()
  if (!worker?.waits) await become()
  const stopMaintenance = runMaintenance({ ...parts, pause })
  opens(async () => stopMaintenance())
  const stopFeed = parts.revocationFeed.run()
  opens(async () => stopFeed())
  return { addresses: { address: localUrl(host, port), adminAddress }, seeded }
}

/**
 * Opens the admin API where there is to be one, and returns its address. Development, which has one
 * unasked, goes without when somebody else has the port.
 */
async function openAdmin(
  config: Config,
  create: () => ReturnType<typeof createAdminApp>,
  logger: Logger,
  opens: Opens,
): Promise<string | undefined> {
  const { adminHost: host, development } = config
  const next = config.port + 1
  const port = config.adminPort ?? (development && next < 65_536 ? next : 'off')
  if (port === 'off') return undefined
  try {
    const variables = { host: 'ADMIN_HOST', port: 'ADMIN_PORT' }
    await listen(await create(), { what: 'admin API', host, port, variables }, opens)
    return localUrl(host, port)
  } catch (error) {
    const isTaken = error instanceof CannotListen && error.isTaken
    if (!isTaken || config.adminPort !== undefined) throw error
    logger.warn({ port }, 'there is no admin API: its port is in use; set ADMIN_PORT to a free one')
    return undefined
  }
}
