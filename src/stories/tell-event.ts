import type { Event } from '../audit/event.ts'
import type { RecordedEvent } from '../audit/read/store.ts'
import { CLIENT_EVENTS } from './client-events.ts'
import type { Tell } from './event-details.ts'
import { REFRESH_EVENTS } from './refresh-events.ts'
import { SERVICE_EVENTS } from './service-events.ts'
import { SESSION_EVENTS } from './session-events.ts'
import { USER_EVENTS } from './user-events.ts'
import { plain } from './words.ts'

/** The type of what nobody writes down: a session’s end by its age. */
export const EXPIRED = 'session.expired'

/** Something that happened, at an instant (milliseconds since the epoch). */
export interface Told {
  readonly at: number
  /** The event's, or {@link EXPIRED}. */
  readonly type: string
  readonly sid: string | undefined
  /** What happened, in one line; it can be printed anywhere. */
  readonly sentence: string
  /** Undefined of what is no event. */
  readonly event: RecordedEvent | undefined
}

const TELL: Readonly<Record<Event['type'], Tell>> = {
  ...SESSION_EVENTS,
  ...REFRESH_EVENTS,
  ...USER_EVENTS,
  ...CLIENT_EVENTS,
  ...SERVICE_EVENTS,
}

/** Says what an event means. Of a type that this version does not know: its name. */
export function tellEvent(event: RecordedEvent): Told {
  const { at, type, sid } = event
  const said = Object.hasOwn(TELL, type) ? TELL[type as Event['type']](event) : `${type}.`
  return { at, type, sid, sentence: plain(said), event }
}
