import type { Event, Origin } from '../../audit/event.ts'
import type { RecordEvents } from '../../audit/store.ts'
import type { Database } from '../../db/connect.ts'
import type { Found } from '../store.ts'
import { countRefusal, REFUSALS_NOTED } from './store.ts'

/** A refusal that costs the session nothing, but that somebody may ask about. */
export type Refusal = Extract<Event, { type: 'refresh.refused' | 'refresh.client_mismatch' }>

/** Writes down one of the first refusals of a session. Throws DatabaseUnavailable. */
export async function noteRefusal(
  database: Database,
  recordEvents: RecordEvents,
  found: Found,
  refusal: Refusal,
  origin: Origin,
): Promise<void> {
  if (found.state.refusals >= REFUSALS_NOTED) return
  await database.transaction(async (tx) => {
    if (await countRefusal(tx, found)) await recordEvents(tx, origin, [refusal])
  })
}
