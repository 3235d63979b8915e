import { listEvents, type RecordedEvent } from '../audit/read/store.ts'
import type { Executor } from '../db/connect.ts'
import { findWithCutOff } from '../sessions/read/store.ts'
import { findUsernames } from '../users/store.ts'
import { withCutOffKind } from './cut-off-kind.ts'
import { NOTABLE_OF_SESSION, oldestFirst } from './notable-events.ts'
import { readEnd } from './session-end.ts'
import type { SessionFacts } from './session-story.ts'

const MOST_NOTABLE = 500
const LAST_RETRIES = 3

/**
 * What is known of the session of that `sid` at `now`; undefined when there is neither a row nor an
 * event. Throws DatabaseUnavailable.
 */
export async function readSession(
  db: Executor,
  sid: string,
  now: number,
): Promise<SessionFacts | undefined> {
  const [found, events] = await Promise.all([findWithCutOff(db, sid), readEvents(db, sid)])
  const { sub, clientId } = found?.session ?? events[0] ?? {}
  if (clientId === undefined) return undefined
  const username = sub === undefined ? undefined : (await findUsernames(db, [sub])).get(sub)
  const end = found && readEnd(found, events, now)
  const [told] = found ? await withCutOffKind(db, [{ session: found.session, end }]) : []
  return { sid, found, sub, username, clientId, events, end: told?.end }
}

async function readEvents(db: Executor, sid: string): Promise<RecordedEvent[]> {
  const [notable, retries] = await Promise.all([
    listEvents(db, { sid, types: NOTABLE_OF_SESSION, limit: MOST_NOTABLE }),
    listEvents(db, { sid, types: ['refresh.retried'], limit: LAST_RETRIES }),
  ])
  return oldestFirst([...notable, ...retries])
}
