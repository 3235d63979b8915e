import type { RecordedEvent } from '../audit/read/store.ts'
import { type Tell, textOf } from './event-details.ts'
import { byWhom, fromAddress } from './words.ts'

const changed =
  (what: string): Tell =>
  (event) =>
    `Client ${event.clientId} ${what}${byWhom(textOf(event, 'by'), undefined)}.`

/** What happened to a client and its own tokens. */
export const CLIENT_EVENTS = {
  'client.created': changed('was registered'),
  'client.changed': (event) => changed(`was changed${whichSettings(event)}`)(event),
  'client.disabled': changed('was disabled, which ends all of its sessions'),
  'client.enabled': changed('was enabled again'),
  'client.deleted': changed('was deleted, which ends all of its sessions'),
  'client.secret_rotated': changed('got a new secret'),
  'client.authentication_failed': (event) =>
    `${event.clientId === undefined ? 'Somebody' : `Client ${event.clientId}`} did not authenticate (${textOf(event, 'method')})${fromAddress(event.address)}: ${whyNot(event)}.`,
  'token.revoked': (event) =>
    `An access token of client ${event.clientId} was revoked (jti ${textOf(event, 'jti')})${fromAddress(event.address)}.`,
} satisfies Record<string, Tell>

function whichSettings({ detail }: RecordedEvent): string {
  const { changed: names } = detail
  if (!Array.isArray(names)) return ''
  return names.length === 0 ? ' to what it was' : ` (${names.join(', ')})`
}

function whyNot(event: RecordedEvent): string {
  return FAILURES[textOf(event, 'why') ?? ''] ?? 'it was refused'
}

const FAILURES: Readonly<Record<string, string>> = {
  unknown_client: 'no client has the client_id that was given, which is not written down',
  wrong_secret: 'the secret was wrong',
  wrong_method: 'it is registered for another method',
  client_disabled: 'the client is disabled',
}
