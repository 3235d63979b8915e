import { type Static, Type } from 'typebox'
import { endReasons } from '../../audit/event.ts'
import { iso } from '../../base/times.ts'
import { formatScope } from '../../oauth/scope.ts'
import { deviceLabel } from '../../sessions/devices/label.ts'
import type { FoundWithCutOff } from '../../sessions/read/store.ts'
import { endOf, type Session } from '../../sessions/session.ts'
import { SID, SUB } from '../wire/samples.ts'

const Instant = (description: string) => Type.String({ format: 'date-time', description })

export const AdminSession = Type.Object(
  {
    id: Type.String({ description: 'The `sid` of its tokens.' }),
    sub: Type.String({ description: 'Whose it is.' }),
    client_id: Type.String(),
    state: Type.String({ enum: ['live', 'ended'], description: 'Whether its tokens are good.' }),
    scope: Type.String({ description: 'What was granted at the start, space-separated.' }),
    audience: Type.Array(Type.String()),
    amr: Type.Array(Type.String(), { description: 'How the user was authenticated (RFC 8176).' }),
    device: Type.Object(
      {
        label: Type.String({ description: 'What a person calls it.' }),
        user_agent: Type.Optional(Type.String()),
        address: Type.Optional(Type.String({ description: 'Where it was last used from.' })),
      },
      { additionalProperties: false },
    ),
    rotations: Type.Integer({ description: 'How often its refresh token was replaced.' }),
    auth_time: Instant('When the user logged in.'),
    created_at: Instant('When the session started.'),
    last_used_at: Instant('When it was last refreshed.'),
    idle_expires_at: Instant('When it ends, or ended, unless it is refreshed.'),
    expires_at: Instant('When it ends, or ended, in any case.'),
    ended_at: Type.Optional(Instant('When it ended, if it has.')),
    end_reason: Type.Optional(
      Type.String({
        enum: [...endReasons, 'idle_timeout', 'max_age'],
        description: 'What ended it: somebody, or its age.',
      }),
    ),
  },
  {
    $id: 'AdminSession',
    description: 'A session, as an operator sees it.',
    additionalProperties: false,
  },
)

/** Examples of it. */
export const liveSession = {
  id: SID,
  sub: SUB,
  client_id: 'web',
  state: 'live',
  scope: 'orders:read orders:write',
  audience: ['https://orders.example', 'https://auth.example'],
  amr: ['pwd'],
  device: {
    label: 'Firefox on Linux',
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
    address: '203.0.113.7',
  },
  rotations: 12,
  auth_time: '2026-11-21T11:46:40.000Z',
  created_at: '2026-11-21T11:46:40.000Z',
  last_used_at: '2026-11-21T13:41:02.000Z',
  idle_expires_at: '2026-12-05T13:41:02.000Z',
  expires_at: '2027-02-19T11:46:40.000Z',
}
export const endedSession = {
  ...liveSession,
  id: '0199bf02-1d7a-7e9b-a8c5-52d5b0a9c4f3',
  state: 'ended',
  device: { label: 'the phone' },
  rotations: 0,
  ended_at: '2026-11-21T11:50:00.000Z',
  end_reason: 'logged_out',
}

/** The wire form of a session at `now`. */
export function toAdminSession(
  { session, state, cutOff }: FoundWithCutOff,
  now: number,
): Static<typeof AdminSession> {
  const { userAgent, address } = session.device
  const end = endOf(session, cutOff, now)
  return {
    id: session.sid,
    sub: session.sub,
    client_id: session.clientId,
    state: end === undefined ? 'live' : 'ended',
    scope: formatScope(session.scope),
    audience: [...session.audience],
    amr: [...session.amr],
    device: {
      label: deviceLabel(session.device),
      ...(userAgent !== undefined && { user_agent: userAgent }),
      ...(address !== undefined && { address }),
    },
    rotations: state.generation,
    ...instantsOf(session),
    ...(end !== undefined && { ended_at: iso(end.at), end_reason: end.reason }),
  }
}

function instantsOf(session: Session) {
  return {
    auth_time: iso(session.authTime),
    created_at: iso(session.createdAt),
    last_used_at: iso(session.lastUsedAt),
    idle_expires_at: iso(session.idleExpiresAt),
    expires_at: iso(session.expiresAt),
  }
}
