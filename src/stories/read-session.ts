import { listEvents, type RecordedEvent } from '../audit/read/store.ts'
import type { Executor } from '../db/connect.ts'
import { findCutOff } from '../revocations/store.ts'
import { findUsernames } from '../users/store.ts'
import { readEnd } from './session-end.ts'
import type { SessionFacts } from './session-story.ts'
import { findFound } from './store.ts'

/** All that is no retry: a session may have one of those a rotation, and they are counted. */
const NOTABLE = [
  'session.started',
  'session.ended',
  'refresh.recovered',
  'refresh.reused',
  'refresh.ahead',
  'refresh.client_mismatch',
  'refresh.refused',
]
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
  const [found, events] = await Promise.all([findFound(db, sid), readEvents(db, sid)])
  const { sub, clientId } = found?.session ?? events[0] ?? {}
  if (clientId === undefined) return undefined
  const [cutOff, usernames] = await Promise.all([
    findCutOff(db, { kind: 'client', id: clientId }),
    findUsernames(db, sub === undefined ? [] : [sub]),
  ])
  const username = sub === undefined ? undefined : usernames.get(sub)
  const end = found && readEnd(found.session, events, cutOff, now)
  return { sid, found, sub, username, clientId, events, end }
}

async function readEvents(db: Executor, sid: string): Promise<RecordedEvent[]> {
  const [notable, retries] = await Promise.all([
    listEvents(db, { sid, types: NOTABLE, limit: MOST_NOTABLE }),
    listEvents(db, { sid, types: ['refresh.retried'], limit: LAST_RETRIES }),
  ])
  return [...notable, ...retries].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
}
