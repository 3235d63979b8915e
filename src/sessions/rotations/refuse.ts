import type { Event, Origin } from '../../audit/event.ts'
import type { RecordEvents } from '../../audit/store.ts'
import type { Database } from '../../db/connect.ts'
import type { Found } from '../store.ts'
import { countRefusal } from './store.ts'

/** A refusal that costs the session nothing, but that somebody may ask about. */
export type Refusal = Extract<Event, { type: 'refresh.refused' | 'refresh.client_mismatch' }>

const HOUR_MS = 3_600_000

/**
 * So many refusals of one session are written down in an hour: whoever goes on has been told. Its own
 * client cannot use up what is kept for another one, which holds a token that it should not have.
 */
const MOST = { 'refresh.refused': 20, 'refresh.client_mismatch': 40 }

/**
 * Writes down one of the first refusals of a session in an hour. Throws DatabaseUnavailable.
 * @param now milliseconds since the epoch
 */
export async function noteRefusal(
  database: Database,
  recordEvents: RecordEvents,
  { session, state }: Found,
  refusal: Refusal,
  origin: Origin,
  now: number,
): Promise<void> {
  const most = MOST[refusal.type]
  const since = now - HOUR_MS
  if (state.refusals >= most && (state.refusalsSince ?? 0) > since) return
  await database.transaction(async (tx) => {
    const isNoted = await countRefusal(tx, session.sid, { at: now, since, most })
    if (isNoted) await recordEvents(tx, origin, [refusal])
  })
}
