import type { RecordedEvent } from '../audit/read/store.ts'
import { numberOf, type Tell, textOf } from './event-details.ts'
import { byWhom, counted } from './words.ts'

/** What happened to the service as a whole, or to many sessions at once. */
export const SERVICE_EVENTS = {
  'cut_off.set': (event) =>
    `All sessions of ${event.sub === undefined ? `client ${event.clientId}` : 'the user'} that had started before ${textOf(event, 'notBefore')} were cut off${byOf(event)}.`,
  'restore.closed': (event) =>
    `What the database had lost by being restored was made up for (${textOf(event, 'how')}); that ended ${counted(numberOf(event, 'ended') ?? 0, 'session')}.`,
  'key.created': (event) => `${keyOf(event)} was made.`,
  'key.published': (event) => `${keyOf(event)} is published by every replica.`,
  'key.activated': (event) => `${keyOf(event)} signs from now on.`,
  'key.retiring': (event) =>
    `${keyOf(event)} signs no more; it is published until what it signed has expired.`,
  'key.retired': (event) => `${keyOf(event)} is published no more: all that it signed has expired.`,
  'key.rotation_planned': (event) =>
    `${keyOf(event)} is to sign from ${textOf(event, 'signsFrom')} on${byOf(event)}.`,
  'key.revoked': (event) =>
    `${keyOf(event)} was revoked${byOf(event)}: no token that it signed is good any more.`,
  'key.imported': (event) => `${keyOf(event)} was imported${byOf(event)}.`,
  'key.reencrypted': (event) =>
    `${keyOf(event)} was encrypted under master key ${numberOf(event, 'masterKeyId')}, in the place of ${numberOf(event, 'from')}${byOf(event)}.`,
  'audience.set': (event) => `${audienceOf(event)} gets tokens ${ruleOf(event)}${byOf(event)}.`,
  'audience.deleted': (event) => `${audienceOf(event)} was deleted${byOf(event)}.`,
} satisfies Record<string, Tell>

function byOf(event: RecordedEvent): string {
  return byWhom(textOf(event, 'by'), event.sub)
}

function ruleOf(event: RecordedEvent): string {
  const [alg, typ] = [textOf(event, 'signingAlg'), textOf(event, 'typ')]
  return [alg && `signed by ${alg}`, typ && `of typ ${typ}`].filter(Boolean).join(' and ')
}

function audienceOf(event: RecordedEvent): string {
  return `Audience ${textOf(event, 'audience')}`
}

function keyOf(event: RecordedEvent): string {
  return `Signing key ${textOf(event, 'kid')} (${textOf(event, 'alg')})`
}
