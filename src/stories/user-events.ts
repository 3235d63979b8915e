import type { RecordedEvent } from '../audit/read/store.ts'
import { type Tell, textOf } from './event-details.ts'
import { byWhom, fromWhere } from './words.ts'

/** What happened to a user beside sessions. */
export const USER_EVENTS = {
  'login.failed': (event) =>
    `A login failed at client ${event.clientId}${fromWhere(event)}: ${FAILURES[textOf(event, 'why') ?? ''] ?? 'the name or the password was wrong'}.`,
  'user.created': (event) => `The user was created${by(event)}.`,
  'user.disabled': (event) =>
    `The user was disabled${by(event)}; that ends all of the user’s sessions.`,
  'user.enabled': (event) => `The user was enabled again${by(event)}.`,
  'user.password_changed': (event) =>
    `The user’s password was changed${by(event)}; that ends all of the user’s sessions.`,
} satisfies Record<string, Tell>

const FAILURES: Readonly<Record<string, string>> = {
  user_unknown: 'there is no user of that name',
  password_wrong: 'the password was wrong',
  user_disabled: 'the password was right, but the user is disabled',
  password_changed: 'the password was changed at that moment',
  client_deleted: 'the client was deleted at that moment',
  sub_is_client: 'the user has the name of a client',
}

function by(event: RecordedEvent): string {
  return byWhom(textOf(event, 'by'), event.sub)
}
