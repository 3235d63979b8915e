import { createCorrectedClock, systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import { composeOperations, type Operations } from '../compose.ts'
import { type Config, isConfigured, processEnvironment, readConfigPart } from '../config.ts'
import { connectDatabase, type Database } from '../db/connect.ts'
import { migrateAt, migrationStatus } from '../db/migrate.ts'
import { measureClockOffset } from '../db/reference-clock.ts'
import { readDemo } from '../development/demo.ts'
import { openDevelopment } from '../development/open.ts'
import { noSessionLog } from '../sessions/session-log.ts'
import { closing } from './closing.ts'
import { CommandFailure } from './failure.ts'
import { count } from './table.ts'

/** What a command may need of the configuration beyond the database. */
type Need = 'issuer' | 'masterKeys' | (typeof LIFETIMES)[number] | (typeof KEY_SETTINGS)[number]

/** How long tokens and sessions live: each has a default. */
export const LIFETIMES = [
  'accessTokenTtlSeconds',
  'sessionIdleTtlSeconds',
  'sessionMaxTtlSeconds',
] as const

/** What of the configuration decides about signing keys: each has a default. */
export const KEY_SETTINGS = [
  'signingAlgorithms',
  'accessTokenTtlSeconds',
  'keyRotateEverySeconds',
  'keyPublishAheadSeconds',
  'verifierCacheTtlSeconds',
] as const

/** The service's database as a command sees it, and the configuration that was asked for. */
export type Deployment<N extends Need> = Operations & { config: Pick<Config, N> }

/**
 * Runs `work` on the migrated database of this deployment, beside a running service or alone, and
 * gives the database back. Asks for no more configuration than `needs`. Throws ConfigurationError,
 * DatabaseUnavailable, EmbeddedDatabaseUnavailable, and CommandFailure when migrations are pending.
 */
export function withDeployment<T, N extends Need = never>(
  needs: readonly N[],
  work: (deployment: Deployment<N>) => Promise<T>,
): Promise<T> {
  return withDatabase(needs, async (database, config) => {
    if (config.development) await migrateAt(config.databaseUrl)
    await requireMigrated(database)
    const clock = createCorrectedClock(systemClock)
    clock.correct(await measureClockOffset(database, systemClock))
    const hashing = { concurrency: 1, limit: 1 }
    const operations = composeOperations({
      database,
      clock,
      random: systemRandom,
      hashing,
      sessionLog: noSessionLog,
    })
    return work({ ...operations, config })
  })
}

/**
 * The need of the master keys, if they are configured: for what says more where it has them. The
 * configuration lacks them otherwise, but in development, which has its own.
 */
export function masterKeysIfGiven(): 'masterKeys'[] {
  return isConfigured(processEnvironment(), 'masterKeys') ? ['masterKeys'] : []
}

/** Does so without looking whether the database is migrated. */
export async function withDatabase<T, N extends Need = never>(
  needs: readonly N[],
  work: (
    database: Database,
    config: Pick<Config, N | 'development'> & { databaseUrl: string },
  ) => Promise<T>,
): Promise<T> {
  const env = processEnvironment()
  const fields = ['databaseUrl', 'stateDirectory', ...needs] as const
  const given = readConfigPart<'databaseUrl' | 'stateDirectory' | N>(env, fields)
  const { databaseUrl } = given
  if (databaseUrl !== undefined) return onDatabase({ ...given, databaseUrl }, work)
  const owner = `mintmark, pid ${process.pid}`
  const development = await openDevelopment(given, systemRandom, 'share', owner)
  return closing(
    () => development.database.close(),
    async () => {
      // A service that runs on another port has said so; without one PORT or ISSUER decide.
      const isGiven = Boolean(env.ISSUER || env.PORT)
      const demo = isGiven ? undefined : await readDemo(given.stateDirectory)
      const issuer = demo && { issuer: demo.issuer }
      return onDatabase({ ...given, ...development.config, ...issuer }, work)
    },
  )
}

async function onDatabase<T, C extends { databaseUrl: string }>(
  config: C,
  work: (database: Database, config: C) => Promise<T>,
): Promise<T> {
  const database = connectDatabase({ url: config.databaseUrl, poolSize: 2, onIdleError: () => {} })
  try {
    return await work(database, config)
  } finally {
    await database.close()
  }
}

async function requireMigrated(database: Database): Promise<void> {
  const status = await migrationStatus(database)
  const pending = status.filter(({ appliedAt }) => appliedAt === undefined).length
  if (pending === 0) return
  throw new CommandFailure(
    'migrations_pending',
    `${count(pending, 'migration')} pending: run "mintmark migrate up"`,
  )
}
