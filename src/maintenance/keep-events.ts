import { dropDays, makeDays } from '../audit/partitions/store.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../db/connect.ts'

/**
 * Makes the partitions of the days to come, and drops those of events that are older than the
 * retention (seconds). Returns how many. Throws what Postgres throws.
 */
export async function keepEvents(options: {
  database: Database
  clock: Clock
  retentionSeconds: number
}): Promise<{ made: number; dropped: number }> {
  const { database, clock, retentionSeconds } = options
  const now = clock.now()
  const made = await makeDays(database, now)
  const dropped = await dropDays(database, now - retentionSeconds * 1000)
  return { made, dropped }
}
