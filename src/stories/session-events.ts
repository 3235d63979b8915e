import type { RecordedEvent } from '../audit/read/store.ts'
import { causeOf } from './end-causes.ts'
import { type Tell, textOf } from './event-details.ts'
import { fromWhere } from './words.ts'

/** The start and the end of a session. */
export const SESSION_EVENTS = {
  'session.started': (event) =>
    `A session started at client ${event.clientId}, ${howItStarted(event)}.`,
  'session.ended': (event) => {
    const reason = textOf(event, 'reason') ?? 'a reason that was not written down'
    const cause = causeOf(reason, { ...event, by: textOf(event, 'by') })
    return `The session was ended, because ${cause}.`
  },
} satisfies Record<string, Tell>

/** `by a login with a password, on Firefox on Windows, from 203.0.113.9`. */
export function howItStarted(event: RecordedEvent): string {
  const from = fromWhere(event)
  if (textOf(event, 'how') === 'password') return `by a login with a password${from}`
  return `on the word of the backend ${textOf(event, 'startedBy') ?? ''}${from}`
}
