import type { RecordedEvent } from '../audit/read/store.ts'
import { inWords, when } from '../base/times.ts'
import { deviceLabel } from '../sessions/devices/label.ts'
import type { Found } from '../sessions/store.ts'
import { adviceOn, pageOf } from './advice.ts'
import { howItStarted } from './session-events.ts'
import type { SessionFacts, SessionStory } from './session-story.ts'
import { tellEnd } from './tell-end.ts'
import { tellEvent } from './tell-event.ts'
import { fromAddress, plain, times } from './words.ts'

/**
 * Makes sentences of the facts of a session. Pure.
 * @param issuer under it is the page about the session's end
 * @param now milliseconds since the epoch
 */
export function tellSession(facts: SessionFacts, issuer: string, now: number): SessionStory {
  const { found, end, events } = facts
  const paragraphs = [
    [tellWhose(facts), tellStart(facts)],
    found === undefined ? [ROW_GONE] : tellUse(found, events),
    found === undefined ? [] : tellNow(facts, found, now),
  ]
  return {
    ...facts,
    paragraphs: paragraphs
      .filter((sentences) => sentences.length > 0)
      .map((sentences) => sentences.map(plain)),
    chronicle: events.map(tellEvent),
    advice: end === undefined ? [] : adviceOn(end.reason),
    page: end && `${issuer}/errors/${pageOf(end.reason)}`,
  }
}

const ROW_GONE =
  'The session itself is not kept any more, as its greatest age was over more than 30 days ago; this is what was written down of it.'

function tellWhose({ sid, sub, username, clientId }: SessionFacts): string {
  const whose = username === undefined ? `of sub ${sub}` : `of ${username} (sub ${sub})`
  return `Session ${sid} ${whose} at client ${clientId}.`
}

function tellStart({ found, events }: SessionFacts): string {
  const event = events.find(({ type }) => type === 'session.started')
  const at = found?.session.createdAt ?? event?.at
  if (at === undefined) return 'When it started is not known any more.'
  return `It started on ${when(at)}${event === undefined ? '' : `, ${howItStarted(event)}`}.`
}

function tellUse({ session, state }: Found, events: readonly RecordedEvent[]): string[] {
  const { generation, retries, retriesBefore } = state
  const last = `${when(session.lastUsedAt)}${fromAddress(session.device.address)}`
  const counts: readonly (readonly [number: number, what: string])[] = [
    [
      retries + retriesBefore,
      'a refresh was repeated and got the same token again, as tabs and retries do: that is harmless.',
    ],
    ...COUNTED.map(([type, what]) => [countOf(events, type), what] as const),
  ]
  return [
    `It runs on ${deviceLabel(session.device)}.`,
    generation === 0
      ? 'It was never refreshed.'
      : `It was refreshed ${times(generation).toLowerCase()}, and last used on ${last}.`,
    ...counts.filter(([number]) => number > 0).map(([number, what]) => `${times(number)} ${what}`),
  ]
}

/** What is counted by its events. */
const COUNTED = [
  [
    'refresh.recovered',
    'the answer to a refresh had been lost and was given again, which is allowed twice in 24 hours.',
  ],
  ['refresh.refused', 'a refresh was refused (of one hour, the first twenty are written down).'],
  ['refresh.client_mismatch', 'another client presented its refresh token and was refused.'],
  [
    'refresh.ahead',
    'its refresh token was newer than the database, which had been restored to an earlier point.',
  ],
] as const

function countOf(events: readonly RecordedEvent[], type: string): number {
  return events.filter((event) => event.type === type).length
}

function tellNow({ end }: SessionFacts, { session }: Found, now: number): string[] {
  if (end !== undefined) return tellEnd(session, end)
  const { idleExpiresAt, expiresAt } = session
  const left = inWords(Math.round((Math.min(idleExpiresAt, expiresAt) - now) / 1000))
  return [
    `It lives: nobody has been logged out of it. Unless it is refreshed, it ends on ${when(idleExpiresAt)} (in ${left}), and in any case on ${when(expiresAt)}.`,
  ]
}
