import type { RecordedEvent } from '../audit/read/store.ts'
import { when } from '../base/times.ts'
import type { Session } from '../sessions/session.ts'
import { causeOf } from './end-causes.ts'
import { distanceOf, textOf } from './event-details.ts'
import { lastUsedFrom } from './refresh-events.ts'
import type { SessionEnd } from './session-end.ts'
import { counted, deviceOf, fromWhere } from './words.ts'

/** Says how a session ended, and what that means: sentences of one paragraph. */
export function tellEnd(session: Session, end: SessionEnd): string[] {
  const { at, reason, event, expiredAt } = end
  if (reason === 'idle_timeout') {
    return [
      `It expired on ${when(at)}: nobody had refreshed it since ${when(session.lastUsedAt)}, which is as long as it may stay unused.`,
    ]
  }
  if (reason === 'max_age') {
    return [`It expired on ${when(at)}: that is its greatest age, however often it is refreshed.`]
  }
  const sentences = reason === 'refresh_reused' ? tellReuse(session, end) : [tellAct(session, end)]
  if (event === undefined && end.by === undefined) {
    sentences.push('Who did it cannot be told any more: the event of it is not kept so long.')
  }
  if (expiredAt !== undefined) {
    sentences.push(
      `By then it had expired already, on ${when(expiredAt)}: nobody lost anything by that end.`,
    )
  }
  return sentences
}

function tellAct(session: Session, { at, reason, by, event, cutOffOf }: SessionEnd): string {
  const { sub, clientId } = session
  const { address, userAgent } = event ?? {}
  const whose = { by, sub, clientId, address, userAgent, cutOffOf }
  return `It was ended on ${when(at)}, because ${causeOf(reason, whose)}.`
}

function tellReuse(session: Session, { at, event }: SessionEnd): string[] {
  const ended = `It was ended on ${when(at)}, because a refresh token that had been used before was used again`
  if (event === undefined) return [`${ended}.`]
  const [address, last] = [event.address, textOf(event, 'lastAddress')]
  const distance = distanceOf(event)
  return [
    `${ended}${fromWhere(event)}, while the session had last been used on ${when(session.lastUsedAt)}, ${lastUsedFrom(event)}.`,
    ...(distance === undefined ? [] : [tellDistance(distance)]),
    ...(address === undefined || last === undefined
      ? []
      : [tellPlaces(address === last, isOneDevice(session, event))]),
  ]
}

function tellDistance(distance: number): string {
  return distance === 1
    ? 'It was the token before the current one, as when the answer to a refresh is lost; but that is believed within REFRESH_RECOVERY_WINDOW only, twice in 24 hours, and not at all with another Idempotency-Key than the first request had or with REFRESH_RECOVERY=deny.'
    : `It was ${counted(distance, 'generation')} old: a newer token had been used since, so tokens of this session are in two hands, or in two places of one.`
}

function tellPlaces(isOneAddress: boolean, isOneDevice: boolean): string {
  if (!isOneAddress) {
    return 'The addresses differ: either a thief holds a copy of the token, or an old copy of it came back, such as from the restored backup of a phone, or the device itself went to another network with an old copy.'
  }
  return isOneDevice
    ? 'Both are one address: most likely an old copy of the token in the same place, such as a second program that shares it, or an app that did not store the newest one.'
    : 'Both are one address, but not one device: the token was copied from one to the other, as by the restored backup of a phone, or by a thief in the same network.'
}

/** As far as it can be told: not every caller says what it is. */
function isOneDevice({ device }: Session, { userAgent }: RecordedEvent): boolean {
  if (userAgent === undefined || device.userAgent === undefined) return true
  return deviceOf(userAgent) === deviceOf(device.userAgent)
}
