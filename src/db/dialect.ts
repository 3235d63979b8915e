import {
  type Kysely,
  type MigrationLockOptions,
  PostgresAdapter,
  PostgresDialect,
  sql,
} from 'kysely'

/**
 * Postgres, where whoever migrates holds a row of kysely's table until its transaction ends. kysely's
 * own lock is a session's, which a pooler would leave behind on some connection of its own, and which
 * not every server that speaks Postgres's protocol has.
 */
export class RowLockDialect extends PostgresDialect {
  override createAdapter(): PostgresAdapter {
    return new RowLockAdapter()
  }
}

class RowLockAdapter extends PostgresAdapter {
  override async acquireMigrationLock(
    tx: Kysely<unknown>,
    { lockTable, lockRowId }: MigrationLockOptions,
  ): Promise<void> {
    // Another's migrations may take long, and so may these, whatever limit the role has.
    await sql`set local statement_timeout = 0`.execute(tx)
    await sql`select from ${sql.table(lockTable)} where id = ${lockRowId} for update`.execute(tx)
  }

  override async releaseMigrationLock(): Promise<void> {}
}
