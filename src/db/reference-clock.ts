import { sql } from 'kysely'
import type { Clock } from '../base/clock.ts'
import type { Database } from './connect.ts'

/**
 * How far the database's clock is ahead of `clock`, in milliseconds (negative when behind). The
 * database's answer is compared with the middle of the round trip.
 */
export async function measureClockOffset(database: Database, clock: Clock): Promise<number> {
  const before = clock.now()
  const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(database.kysely)
  const after = clock.now()
  const [row] = rows
  if (row === undefined) throw new Error('the database told no time')
  return Math.round(row.at.getTime() - (before + after) / 2)
}
