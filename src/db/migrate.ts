import { readdir, readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { connectDatabase, type Database, type Executor } from './connect.ts'
import { classify, DatabaseUnavailable } from './failure.ts'
import { makeMigrationTables } from './migration-tables.ts'

const FOLDER = new URL('../../migrations/', import.meta.url)

export interface MigrationStatus {
  name: string
  /** ISO 8601; undefined while it is pending. */
  appliedAt: string | undefined
}

/**
 * Applies the pending files of `migrations/` in the order of their numbers, all in one transaction.
 * Replicas that do so at once wait for each other on a lock, and each migration is applied exactly once.
 * Returns the names applied by this call; throws with the failing file's name.
 */
export async function migrateUp(database: Database): Promise<string[]> {
  await makeMigrationTables(database)
  return database.transaction(async (tx) => {
    const { error, results = [] } = await migrator(tx).migrateToLatest()
    const failed = results.find((result) => result.status === 'Error')
    if (error !== undefined) {
      const cause = classify(error)
      if (failed === undefined || cause instanceof DatabaseUnavailable) throw cause
      throw new Error(`migration ${failed.migrationName} failed and was rolled back`, { cause })
    }
    return results.map((result) => result.migrationName)
  })
}

/** Does {@link migrateUp} on a connection of its own, which may wait for another replica's. */
export async function migrateAt(url: string): Promise<string[]> {
  const database = connectDatabase({ url, poolSize: 1, onIdleError: () => {}, patient: true })
  try {
    return await migrateUp(database)
  } finally {
    await database.close()
  }
}

/** Every migration this version knows, and when it was applied. Changes nothing. */
export async function migrationStatus(database: Database): Promise<MigrationStatus[]> {
  // Asked first because the migrator would create its tables on the way.
  const { rows } = await sql<{ known: boolean }>`
    select to_regclass('kysely_migration') is not null as known
  `.execute(database.kysely)
  const applied = new Map<string, string>()
  if (rows[0]?.known) {
    const done = await sql<{ name: string; timestamp: string }>`
      select name, timestamp from kysely_migration
    `.execute(database.kysely)
    for (const { name, timestamp } of done.rows) applied.set(name, timestamp)
  }
  const names = Object.keys(await readMigrations()).sort()
  return names.map((name) => ({ name, appliedAt: applied.get(name) }))
}

function migrator(tx: Executor): Migrator {
  return new Migrator({ db: tx, provider: { getMigrations: readMigrations } })
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(FOLDER)).filter((name) => /^\d{4}_.*\.sql$/.test(name))
  return Object.fromEntries(
    files.map((file) => [file.replace(/\.sql$/, ''), { up: (db) => applyFile(db, file) }]),
  )
}

async function applyFile(db: Parameters<Migration['up']>[0], file: string): Promise<void> {
  await sql.raw(await readFile(new URL(file, FOLDER), 'utf8')).execute(db)
}
