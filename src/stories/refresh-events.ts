import type { RecordedEvent } from '../audit/read/store.ts'
import { inWords } from '../base/times.ts'
import { distanceOf, numberOf, type Tell, textOf } from './event-details.ts'
import { counted, fromAddress, fromWhere } from './words.ts'

/** What a refresh came to, where it was no ordinary rotation. */
export const REFRESH_EVENTS = {
  'refresh.retried': (event) =>
    `A refresh was repeated${fromAddress(event.address)}, and got the same token again${PROOFS[textOf(event, 'proof') ?? ''] ?? ''}.`,
  'refresh.recovered': (event) => {
    const lost = inWords(numberOf(event, 'lostForSeconds') ?? 0)
    return `The answer to a refresh had been lost for ${lost}; it was given again${fromAddress(event.address)}.`
  },
  'refresh.reused': (event) =>
    `A refresh token that had been used before${generationsOld(event)} was used again${fromWhere(event)}; the session had last been used ${lastUsedFrom(event)}. It was ended.`,
  'refresh.ahead': (event) =>
    `A refresh token came in that was newer than the database${fromAddress(event.address)}: the database had been restored to an earlier point. It was accepted.`,
  'refresh.client_mismatch': (event) =>
    `Client ${textOf(event, 'presentedBy')} presented the refresh token of this session, which is of client ${event.clientId}${fromAddress(event.address)}. It was refused, and the session lived on.`,
  'refresh.refused': (event) =>
    `A refresh was refused${fromAddress(event.address)}, because ${refusal(event)}.`,
} satisfies Record<string, Tell>

/** `from 198.51.100.7`, or that it is not known. */
export function lastUsedFrom(event: RecordedEvent): string {
  return `from ${textOf(event, 'lastAddress') ?? 'an address that is not known'}`
}

/** Why a repeated refresh was believed. */
const PROOFS: Readonly<Record<string, string>> = {
  window: ', as it came within the retry window',
  key: ', as it had the same Idempotency-Key',
  cookie: ', as a cookie rotates once a retry window',
}

function generationsOld(event: RecordedEvent): string {
  const distance = distanceOf(event)
  return distance === undefined ? '' : `, ${counted(distance, 'generation')} old,`
}

function refusal(event: RecordedEvent): string {
  switch (textOf(event, 'why')) {
    case 'ended':
      return 'the session had ended'
    case 'expired':
      return 'the session had expired'
    case 'stale':
      return `its token was ${counted(distanceOf(event) ?? 2, 'generation')} old, as in a tab that has not read its storage again; the session lived on`
    case 'mismatched':
      return 'it repeated one for another scope or resource; the session lived on'
    default:
      return 'of what this version has no name for'
  }
}
