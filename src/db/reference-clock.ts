import { sql } from 'kysely'
import type { Clock } from '../base/clock.ts'
import type { Database } from './connect.ts'

/** A round trip that is longer than this tells the time badly: it may have waited for a connection. */
const LONG_MS = 50
const TRIES = 4

/**
 * How far the database's clock is ahead of `clock`, in milliseconds (negative when behind). The
 * database's answer is compared with the middle of the round trip, of a few the shortest one.
 */
export async function measureClockOffset(database: Database, clock: Clock): Promise<number> {
  let best = await measureOnce(database, clock)
  for (let tries = 1; best.took > LONG_MS && tries < TRIES; tries += 1) {
    const next = await measureOnce(database, clock)
    if (next.took < best.took) best = next
  }
  return best.offset
}

async function measureOnce(database: Database, clock: Clock) {
  const before = clock.now()
  const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(database.kysely)
  const after = clock.now()
  const [row] = rows
  if (row === undefined) throw new Error('the database told no time')
  const offset = Math.round(row.at.getTime() - (before + after) / 2)
  return { offset, took: after - before }
}
