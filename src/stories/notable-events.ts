import type { Event } from '../audit/event.ts'
import type { RecordedEvent } from '../audit/read/store.ts'

/** All of a session that is no retry: it may have one of those a rotation, and they are counted. */
export const NOTABLE_OF_SESSION: readonly Event['type'][] = [
  'session.started',
  'session.ended',
  'refresh.recovered',
  'refresh.reused',
  'refresh.ahead',
  'refresh.client_mismatch',
  'refresh.refused',
]

/** All of a user that is neither a retry nor a failed login. */
export const NOTABLE_OF_USER: readonly Event['type'][] = [
  ...NOTABLE_OF_SESSION,
  'token.revoked',
  'cut_off.set',
  'user.created',
  'user.disabled',
  'user.enabled',
  'user.password_changed',
]

/** Events in the order in which they happened; ids tell those of one millisecond apart. */
export function oldestFirst(events: readonly RecordedEvent[]): RecordedEvent[] {
  return events.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
}
