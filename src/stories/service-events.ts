import type { RecordedEvent } from '../audit/read/store.ts'
import { numberOf, type Tell, textOf } from './event-details.ts'
import { byWhom, counted } from './words.ts'

/** What happened to the service as a whole, or to many sessions at once. */
export const SERVICE_EVENTS = {
  'cut_off.set': (event) =>
    `All sessions of ${event.sub === undefined ? `client ${event.clientId}` : 'the user'} that had started before ${textOf(event, 'notBefore')} were cut off${byOf(event)}.`,
  'restore.closed': (event) =>
    `What the database had lost by being restored was made up for (${textOf(event, 'how')}); that ended ${counted(numberOf(event, 'ended') ?? 0, 'session')}.`,
  'key.created': (event) =>
    `Signing key ${textOf(event, 'kid')} was made (${textOf(event, 'alg')}).`,
  'audience.set': (event) =>
    `${audienceOf(event)} gets tokens signed by ${textOf(event, 'signingAlg')}${byOf(event)}.`,
  'audience.deleted': (event) => `${audienceOf(event)} was deleted${byOf(event)}.`,
} satisfies Record<string, Tell>

function byOf(event: RecordedEvent): string {
  return byWhom(textOf(event, 'by'), event.sub)
}

function audienceOf(event: RecordedEvent): string {
  return `Audience ${textOf(event, 'audience')}`
}
