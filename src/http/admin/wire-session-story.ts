import { type Static, Type } from 'typebox'
import { iso } from '../../base/times.ts'
import { deviceLabel } from '../../sessions/devices/label.ts'
import type { SessionExplanation } from '../../stories/explain-session.ts'
import type { SessionStory } from '../../stories/session-story.ts'
import { reference } from '../wire/reference.ts'
import { SID, SUB } from '../wire/samples.ts'
import { toWireEnd, WireEnd } from './wire-end.ts'
import { ToldEvent, toWireTold } from './wire-told.ts'

const Instant = (description: string) =>
  Type.Optional(Type.String({ format: 'date-time', description }))
const Count = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }))

const WireStory = Type.Object(
  {
    sid: Type.String(),
    sub: Type.Optional(Type.String()),
    username: Type.Optional(Type.String({ description: 'Of a user that is kept here.' })),
    client_id: Type.Optional(Type.String()),
    state: Type.String({
      enum: ['live', 'ended', 'gone'],
      description: 'Of one that is gone, there are only events.',
    }),
    device: Type.Optional(Type.String({ description: 'What a person calls it.' })),
    address: Type.Optional(Type.String({ description: 'Where it was last used from.' })),
    started_at: Instant('When it started.'),
    last_used_at: Instant('When it was last refreshed.'),
    idle_expires_at: Instant('When it ends, or ended, unless it is refreshed.'),
    expires_at: Instant('When it ends, or ended, in any case.'),
    rotations: Count('How often its refresh token was replaced.'),
    retries: Count('How many refreshes were repeated and got the same token again.'),
    end: Type.Optional(reference(WireEnd)),
    sentences: Type.Array(Type.String(), { description: 'The story, in plain sentences.' }),
    events: Type.Array(reference(ToldEvent), {
      description: 'What happened beside ordinary refreshes, the oldest first.',
    }),
    advice: Type.Array(Type.String(), { description: 'What to do, where there is anything.' }),
    page: Type.Optional(Type.String({ description: 'The address of the page about its end.' })),
  },
  { additionalProperties: false },
)

export const WireSessionExplanation = Type.Object(
  {
    kind: Type.String({
      enum: ['session', 'access_token', 'request', 'unknown'],
      description: 'What the identifier is of: a `sid`, a `jti`, the id of a request, or nothing.',
    }),
    sentences: Type.Array(Type.String(), {
      description: 'What the identifier is or, of an unknown one, what may have become of it.',
    }),
    request_events: Type.Array(reference(ToldEvent), {
      description: 'Of a request: what it wrote down.',
    }),
    sessions: Type.Array(WireStory),
    more: Type.Integer({ description: 'How many sessions more the request was about.' }),
  },
  {
    $id: 'SessionExplanation',
    description: 'What happened to a session, and why.',
    additionalProperties: false,
  },
)

/** The wire form of what an identifier led to. */
export function toWireSessionExplanation(
  explanation: SessionExplanation,
): Static<typeof WireSessionExplanation> {
  const { kind, sentences, request, stories, more } = explanation
  return {
    kind,
    sentences: [...sentences],
    request_events: request.map(toWireTold),
    sessions: stories.map(toWireStory),
    more,
  }
}

function toWireStory(story: SessionStory): Static<typeof WireStory> {
  const { sid, sub, username, clientId, found, end, page } = story
  return {
    sid,
    ...(sub !== undefined && { sub }),
    ...(username !== undefined && { username }),
    ...(clientId !== undefined && { client_id: clientId }),
    state: found === undefined ? 'gone' : end === undefined ? 'live' : 'ended',
    ...(found !== undefined && toWireUse(found)),
    ...(end !== undefined && { end: toWireEnd(end) }),
    sentences: story.paragraphs.flat(),
    events: story.chronicle.map(toWireTold),
    advice: [...story.advice],
    ...(page !== undefined && { page }),
  }
}

function toWireUse({ session, state }: NonNullable<SessionStory['found']>) {
  const { device, createdAt, lastUsedAt, idleExpiresAt, expiresAt } = session
  return {
    device: deviceLabel(device),
    ...(device.address !== undefined && { address: device.address }),
    started_at: iso(createdAt),
    last_used_at: iso(lastUsedAt),
    idle_expires_at: iso(idleExpiresAt),
    expires_at: iso(expiresAt),
    rotations: state.generation,
    retries: state.retries + state.retriesBefore,
  }
}

/** An example of it: a session that ended by reuse. */
export const reusedExample = {
  kind: 'session',
  sentences: [],
  request_events: [],
  sessions: [
    {
      sid: SID,
      sub: SUB,
      username: 'alice',
      client_id: 'web',
      state: 'ended',
      device: 'Firefox on Linux',
      address: '198.51.100.7',
      started_at: '2026-11-21T11:46:40.000Z',
      last_used_at: '2026-11-21T11:58:12.000Z',
      idle_expires_at: '2026-12-05T11:58:12.000Z',
      expires_at: '2027-02-19T11:46:40.000Z',
      rotations: 3,
      retries: 1,
      end: {
        at: '2026-11-21T12:00:03.000Z',
        reason: 'refresh_reused',
        by: 'mintmark',
        address: '203.0.113.9',
        last_address: '198.51.100.7',
      },
      sentences: [
        'It was ended on 2026-11-21 12:00:03Z, because a refresh token that had been used before was used again, from 203.0.113.9, while the session had last been used on 2026-11-21 11:58:12Z, from 198.51.100.7.',
      ],
      events: [
        {
          at: '2026-11-21T11:46:40.031Z',
          type: 'session.started',
          sid: SID,
          sentence:
            'A session started at client web, by a login with a password, from 198.51.100.7.',
        },
      ],
      advice: ['The user may log in again.'],
      page: 'https://auth.example/errors/refresh_reused',
    },
  ],
  more: 0,
}

/** An example of what leads nowhere. */
export const unknownExample = {
  kind: 'unknown',
  sentences: [
    'Nothing here has this id: no session, no access token of one, and no request that wrote anything down.',
  ],
  request_events: [],
  sessions: [],
  more: 0,
}
