import type { Clock, CorrectedClock } from '../base/clock.ts'
import type { AllowedOrigins } from '../clients/origins.ts'
import type { Database } from '../db/connect.ts'
import { DatabaseUnavailable, describeDatabaseError } from '../db/failure.ts'
import { migrationStatus } from '../db/migrate.ts'
import { measureClockOffset } from '../db/reference-clock.ts'
import type { AdvanceKeys } from '../keys/advance.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { reportImpossibleCookies } from './impossible-cookies.ts'
import { keepEvents } from './keep-events.ts'
import type { RememberKeys } from './remember-keys.ts'

export interface PrepareOptions {
  issuer: string
  database: Database
  advanceKeys: AdvanceKeys
  keyRing: KeyRing
  rememberKeys: Pick<RememberKeys, 'once'>
  allowedOrigins: AllowedOrigins
  clock: CorrectedClock
  hostClock: Clock
  /** Applies migrations first; without it they are waited for. */
  migrate: (() => Promise<string[]>) | undefined
  /** Fills a development database, before anybody is told that the service is ready. */
  seed: () => Promise<void>
  logger: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
  /** How long events are kept. */
  retentionSeconds: number
  /** Waits before the next try. */
  pause: () => Promise<void>
}

/**
 * Does what must be done once before requests can be served: migrations, the clock, the keys, the
 * pages that may call. Waits for a database that is away or not migrated yet, so that the order in
 * which things are started does not matter; `/readyz` says meanwhile what is missing, and the JWKS is
 * what this replica last knew. Throws on what waiting cannot mend, such as a signing key that no master key opens.
 */
export async function prepare(options: PrepareOptions): Promise<void> {
  const { clock, logger, pause } = options
  for (let said = ''; ; ) {
    const obstacle = await tryToPrepare(options)
    if (obstacle === undefined) break
    if (obstacle !== said) logger.warn({ obstacle }, 'waiting to become ready')
    said = obstacle
    await pause()
  }
  logger.info({ offset_ms: clock.offset }, 'ready')
}

/**
 * Without a partition for today its events go into the default one, and are kept all the same: a role
 * that may not make tables, or a backup that holds them locked, is worth a line in the log and no
 * refusal to start. A database that is away is found by what comes next.
 */
async function makeDaysOfEvents(options: PrepareOptions): Promise<void> {
  try {
    await keepEvents(options)
  } catch (error) {
    const err = describeDatabaseError(error instanceof DatabaseUnavailable ? error.cause : error)
    options.logger.warn({ err }, 'cannot make or drop the partitions of events')
  }
}

/** Says what stands in the way; undefined when all is done. */
async function tryToPrepare(options: PrepareOptions): Promise<string | undefined> {
  const { database, keyRing, allowedOrigins, clock, hostClock, migrate, seed } = options
  try {
    await migrate?.()
    const status = await migrationStatus(database)
    const pending = status.filter(({ appliedAt }) => appliedAt === undefined).length
    if (pending > 0) {
      return `migrations are pending (${pending}): run "mintmark migrate up", or set MIGRATE_ON_START=true`
    }
    clock.correct(await measureClockOffset(database, hostClock))
    await makeDaysOfEvents(options)
    await seed()
    await allowedOrigins.load()
    // First those that there are: who cannot open them makes none beside them.
    await keyRing.load()
    await options.advanceKeys()
    await keyRing.load()
    await reportImpossibleCookies({ ...options, db: database.kysely })
    return undefined
  } catch (error) {
    if (error instanceof DatabaseUnavailable) {
      await options.rememberKeys.once()
      // Several addresses that were all refused have one code and no message.
      const { message, code } = describeDatabaseError(error.cause)
      return `the database does not answer: ${message || code}`
    }
    throw error
  }
}
