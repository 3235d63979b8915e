import { type Static, Type } from 'typebox'
import { type Event, endReasons, SERVICE } from '../../audit/event.ts'
import type { RecordedEvent } from '../../audit/read/store.ts'
import { iso } from '../../base/times.ts'
import { deviceLabel } from '../../sessions/devices/label.ts'
import type { Ending } from '../../sessions/session.ts'

/** The events of a session that concern its owner. */
export const OWN_EVENTS = [
  'session.started',
  'refresh.recovered',
  'refresh.reused',
  'session.ended',
] as const satisfies readonly Event['type'][]

export const OwnEvent = Type.Object(
  {
    type: Type.String({
      enum: [...OWN_EVENTS],
      description:
        '`refresh.recovered`: an answer was lost and given again. `refresh.reused`: a refresh token was used twice, so that somebody else may have had it, and the session was ended.',
    }),
    at: Type.String({ format: 'date-time', description: 'When it happened.' }),
    reason: Type.Optional(
      Type.String({
        enum: [...endReasons, 'idle_timeout', 'max_age'],
        description: 'Of an end: what ended the session.',
      }),
    ),
    by: Type.Optional(
      Type.String({
        enum: ['you', 'client', 'operator', 'mintmark'],
        description: 'Of an end: you, the client itself, an operator, or a rule of the service.',
      }),
    ),
    device: Type.Optional(
      Type.Object(
        {
          label: Type.String({ description: 'What a person calls it.' }),
          user_agent: Type.Optional(Type.String()),
          address: Type.Optional(Type.String({ description: 'Where the request came from.' })),
        },
        {
          additionalProperties: false,
          description:
            'What it was done with. Of a start or an end: yours, and absent where a backend or an operator did it. Of `refresh.recovered` and `refresh.reused`: the label and the address of whoever presented the token, for you to see whether it was you; where a backend refreshes for you they are the backend’s.',
        },
      ),
    ),
  },
  { additionalProperties: false },
)

const presenter = { label: 'Firefox on Linux', address: '203.0.113.7' }
const device = {
  ...presenter,
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
}

/** An example of them, the newest first. */
export const ownStory = [
  {
    type: 'session.ended',
    at: '2026-11-21T12:20:11.057Z',
    reason: 'ended_by_operator',
    by: 'operator',
  },
  { type: 'refresh.recovered', at: '2026-11-21T12:02:40.118Z', device: presenter },
  { type: 'session.started', at: '2026-11-21T11:46:40.031Z', device },
]

/**
 * The wire form of one of the {@link OWN_EVENTS}, with what its owner needs: not which operator it
 * was, not where a backend or an operator sat, nothing of the tokens. Who presented a token that had
 * been used may be a thief: the owner must see from where, and finds out by that whether it was.
 */
export function toOwnEvent(event: RecordedEvent): Static<typeof OwnEvent> {
  const { type } = event
  const { reason } = event.detail as { reason?: string }
  return {
    type,
    at: iso(event.at),
    ...(reason !== undefined && { reason }),
    ...(type === 'session.ended' && { by: actorOf(event) }),
    ...deviceOf(event),
  }
}

/** The same of an end that no event tells. */
export function toOwnEnd({ at, reason, by }: Ending): Static<typeof OwnEvent> {
  const actor = by === undefined ? 'mintmark' : 'operator'
  return { type: 'session.ended', at: iso(at), reason, by: actor }
}

function deviceOf(event: RecordedEvent): Pick<Static<typeof OwnEvent>, 'device'> {
  const { type, address, userAgent, detail } = event
  const label = deviceLabel({ userAgent, address, label: undefined })
  const presenter = { label, ...(address !== undefined && { address }) }
  if (type !== 'session.started' && type !== 'session.ended') return { device: presenter }
  const isOwn = type === 'session.started' ? detail.how !== 'backend' : actorOf(event) === 'you'
  if (!isOwn) return {}
  return { device: { ...presenter, ...(userAgent !== undefined && { user_agent: userAgent }) } }
}

function actorOf({ detail, sub, clientId }: RecordedEvent) {
  switch (detail.by) {
    case sub:
      return 'you'
    case clientId:
      return 'client'
    case SERVICE:
      return 'mintmark'
    default:
      return 'operator'
  }
}
