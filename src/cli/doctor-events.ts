import { lastDayAt } from '../audit/partitions/store.ts'
import { systemClock } from '../base/clock.ts'
import type { Database } from '../db/connect.ts'
import { type Diagnosis, good, warning } from '../verifier/doctor/diagnosis.ts'

/** Whether the events of tomorrow have their partition: without one they are never dropped by the day. */
export async function diagnoseEvents(database: Database): Promise<Diagnosis> {
  const last = await lastDayAt(database)
  const until = last === undefined ? 'none' : new Date(last).toISOString().slice(0, 10)
  const detail = `partitions by day until ${until}`
  return last !== undefined && last > systemClock.now()
    ? good('events', detail)
    : warning(
        'events',
        detail,
        'let the service use a role that owns the table events, or run mintmark migrate up every few days as one that does',
      )
}
