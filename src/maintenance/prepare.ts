import type { Clock, CorrectedClock } from '../base/clock.ts'
import type { Database } from '../db/connect.ts'
import { DatabaseUnavailable } from '../db/failure.ts'
import { migrationStatus } from '../db/migrate.ts'
import { measureClockOffset } from '../db/reference-clock.ts'
import type { KeyRing } from '../keys/key-ring.ts'

export interface PrepareOptions {
  database: Database
  keyRing: KeyRing
  clock: CorrectedClock
  hostClock: Clock
  /** Applies migrations first; without it they are waited for. */
  migrate: (() => Promise<string[]>) | undefined
  logger: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
  /** Waits before the next try. */
  pause: () => Promise<void>
}

/**
 * Does what must be done once before requests can be served: migrations, the clock, the keys. Waits
 * for a database that is away or not migrated yet, so that the order in which things are started
 * does not matter; `/readyz` says meanwhile what is missing. Throws on what waiting cannot mend, such
 * as a signing key that no master key opens.
 */
export async function prepare(options: PrepareOptions): Promise<void> {
  const { database, keyRing, clock, hostClock, migrate, logger, pause } = options
  for (let said = ''; ; ) {
    const obstacle = await findObstacle(database, migrate)
    if (obstacle === undefined) break
    if (obstacle !== said) logger.warn({ obstacle }, 'waiting to become ready')
    said = obstacle
    await pause()
  }
  clock.correct(await measureClockOffset(database, hostClock))
  await keyRing.load()
  logger.info({}, 'ready')
}

async function findObstacle(
  database: Database,
  migrate: PrepareOptions['migrate'],
): Promise<string | undefined> {
  try {
    await migrate?.()
    const status = await migrationStatus(database)
    const pending = status.filter(({ appliedAt }) => appliedAt === undefined).length
    return pending === 0
      ? undefined
      : `migrations are pending (${pending}): run "mintmark migrate up", or set MIGRATE_ON_START=true`
  } catch (error) {
    if (error instanceof DatabaseUnavailable) return 'the database does not answer'
    throw error
  }
}
