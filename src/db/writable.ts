import { sql } from 'kysely'
import type { Database } from './connect.ts'

/** Whether the database takes writes: a standby, as after a failover, does not. */
export async function isWritable(database: Database): Promise<boolean> {
  const { rows } = await sql<{ setting: string }>`
    select current_setting('transaction_read_only') as setting
  `.execute(database.kysely)
  return rows[0]?.setting === 'off'
}
