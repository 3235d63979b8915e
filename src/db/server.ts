import { sql } from 'kysely'
import type { Database } from './connect.ts'

/** What kind of server a database is. */
export interface Server {
  /** Such as `17.2`. */
  readonly version: string
  readonly major: number
  /** Whether it takes writes: a standby, as after a failover, does not. */
  readonly writable: boolean
}

/** Asks the server about itself. Throws DatabaseUnavailable. */
export async function readServer(database: Database): Promise<Server> {
  const { rows } = await sql<{ version: string; number: string; read_only: string }>`
    select current_setting('server_version') as version,
      current_setting('server_version_num') as number,
      current_setting('transaction_read_only') as read_only
  `.execute(database.kysely)
  const [row] = rows
  if (row === undefined) throw new Error('the database told nothing of itself')
  const [version = ''] = row.version.split(' ')
  return {
    version,
    major: Math.floor(Number(row.number) / 10_000),
    writable: row.read_only === 'off',
  }
}
