import { sql } from 'kysely'
import type { Database, Executor } from './connect.ts'
import { isThereAlready } from './failure.ts'

/** As kysely names and makes them. */
const TABLES = [
  `create table if not exists kysely_migration (
    name varchar(255) not null primary key, timestamp varchar(255) not null
  )`,
  `create table if not exists kysely_migration_lock (
    id varchar(255) not null primary key, is_locked integer not null default 0
  )`,
  `insert into kysely_migration_lock (id) values ('migration_lock') on conflict do nothing`,
]

/**
 * Makes the tables that kysely keeps account of migrations in, where there are none: each in a
 * transaction of its own, so that there is a row to lock before anything is migrated.
 */
export async function makeMigrationTables({ kysely }: Database): Promise<void> {
  if (await isPrepared(kysely)) return
  for (const text of TABLES) {
    await sql
      .raw(text)
      .execute(kysely)
      .catch((error: unknown) => {
        // "If not exists" does not say so of what another replica makes at the same time.
        if (!isThereAlready(error)) throw error
      })
  }
}

async function isPrepared(db: Executor): Promise<boolean> {
  const { rows } = await sql<{ prepared: boolean }>`
    select to_regclass('kysely_migration') is not null
      and to_regclass('kysely_migration_lock') is not null as prepared
  `.execute(db)
  if (!rows[0]?.prepared) return false
  const locks = await sql`select from kysely_migration_lock where id = 'migration_lock'`.execute(db)
  return locks.rows.length > 0
}
