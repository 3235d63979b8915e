import { listEvents, type RecordedEvent } from '../audit/read/store.ts'
import type { Executor } from '../db/connect.ts'
import { withCutOffs } from '../sessions/read/store.ts'
import type { Session } from '../sessions/session.ts'
import type { Found } from '../sessions/store.ts'
import { findUsernames } from '../users/store.ts'
import { withCutOffKind } from './cut-off-kind.ts'
import { NOTABLE_OF_USER, oldestFirst } from './notable-events.ts'
import { readEnd, type SessionEnd } from './session-end.ts'
import { type FailedLogins, hasSessions, listAliveSince, tallyFailedLogins } from './store.ts'

/** A session of the user that was alive at some time of the period. */
export interface UserSession {
  readonly session: Session
  /** Undefined while it lives. */
  readonly end: SessionEnd | undefined
}

/** What is known of a user in a period. Instants are milliseconds since the epoch. */
export interface UserFacts {
  readonly sub: string
  /** Whether there is, or was, a user, a session or an event of that sub. */
  readonly isKnown: boolean
  /** Of a user that is kept here. */
  readonly username: string | undefined
  readonly since: number
  readonly until: number
  /** The newest first. */
  readonly sessions: readonly UserSession[]
  readonly failedLogins: FailedLogins
  /** The oldest first; of retries none, of failed logins the last ones. */
  readonly events: readonly RecordedEvent[]
  /** Whether there was more than is read. */
  readonly isCut: boolean
}

const MOST_EVENTS = 500
const MOST_SESSIONS = 500
const LAST_FAILED_LOGINS = 3
const MOST_ADDRESSES = 20

/** What happened to a user since an instant. Throws DatabaseUnavailable. */
export async function readUser(
  db: Executor,
  sub: string,
  since: number,
  now: number,
): Promise<UserFacts> {
  const [found, notable, failures, failedLogins, usernames] = await Promise.all([
    listAliveSince(db, sub, since, MOST_SESSIONS),
    listEvents(db, { sub, since, types: NOTABLE_OF_USER, limit: MOST_EVENTS }),
    listEvents(db, { sub, since, types: ['login.failed'], limit: LAST_FAILED_LOGINS }),
    tallyFailedLogins(db, sub, since, MOST_ADDRESSES),
    findUsernames(db, [sub]),
  ])
  const username = usernames.get(sub)
  const events = oldestFirst([...notable, ...failures])
  const isQuiet = events.length === 0 && found.length === 0
  const isKnown = username !== undefined || !isQuiet || (await hasSessions(db, sub))
  const isCut = notable.length === MOST_EVENTS || found.length === MOST_SESSIONS
  const sessions = await withCutOffKind(db, await endsOf(db, found, events, now))
  return { sub, isKnown, username, since, until: now, sessions, failedLogins, events, isCut }
}

async function endsOf(
  db: Executor,
  found: readonly Found[],
  events: readonly RecordedEvent[],
  now: number,
): Promise<UserSession[]> {
  const eventsBySid = Map.groupBy(events, ({ sid }) => sid)
  const sessions = await withCutOffs(db, found)
  return sessions.map((one) => ({
    session: one.session,
    end: readEnd(one, eventsBySid.get(one.session.sid) ?? [], now),
  }))
}
