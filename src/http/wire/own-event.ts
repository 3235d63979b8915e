import { type Static, Type } from 'typebox'
import { endReasons, SERVICE } from '../../audit/event.ts'
import type { RecordedEvent } from '../../audit/read/store.ts'

/** The events of a session that concern its owner. */
export const OWN_EVENTS = [
  'session.started',
  'refresh.recovered',
  'refresh.reused',
  'session.ended',
] as const

export const OwnEvent = Type.Object(
  {
    type: Type.String({
      enum: [...OWN_EVENTS],
      description:
        '`refresh.recovered`: an answer was lost and given again. `refresh.reused`: a refresh token was used twice, so that somebody else may have had it, and the session was ended.',
    }),
    at: Type.String({ format: 'date-time', description: 'When it happened.' }),
    reason: Type.Optional(
      Type.String({ enum: [...endReasons], description: 'Of an end: what ended the session.' }),
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
          user_agent: Type.Optional(Type.String()),
          address: Type.Optional(Type.String({ description: 'Where the request came from.' })),
        },
        { additionalProperties: false, description: 'What it was done with, if that was yours.' },
      ),
    ),
  },
  { additionalProperties: false },
)

const device = { user_agent: 'Mozilla/5.0 (X11; Linux x86_64)', address: '203.0.113.7' }

/** An example of them, the newest first. */
export const ownStory = [
  {
    type: 'session.ended',
    at: '2026-11-21T12:20:11.057Z',
    reason: 'ended_by_operator',
    by: 'operator',
  },
  { type: 'refresh.recovered', at: '2026-11-21T12:02:40.118Z', device },
  { type: 'session.started', at: '2026-11-21T11:46:40.031Z', device },
]

/**
 * The wire form of one of the {@link OWN_EVENTS}, with what is its owner's: not which operator it
 * was, not where a backend or an operator sat, nothing of the tokens.
 */
export function toOwnEvent(event: RecordedEvent): Static<typeof OwnEvent> {
  const { type, address, userAgent } = event
  const { how, reason } = event.detail as { how?: string; reason?: string }
  const by = type === 'session.ended' ? actorOf(event) : undefined
  const isOwnDevice = by === undefined ? how !== 'backend' : by === 'you'
  return {
    type,
    at: new Date(event.at).toISOString(),
    ...(reason !== undefined && { reason }),
    ...(by !== undefined && { by }),
    ...(isOwnDevice && {
      device: {
        ...(userAgent !== undefined && { user_agent: userAgent }),
        ...(address !== undefined && { address }),
      },
    }),
  }
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
