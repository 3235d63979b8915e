import { type Static, Type } from 'typebox'
import { iso } from '../../base/times.ts'
import { deviceLabel } from '../../sessions/devices/label.ts'
import type { Session } from '../../sessions/session.ts'
import { SID } from './samples.ts'

const Instant = (description: string) => Type.String({ format: 'date-time', description })

const WireSession = Type.Object(
  {
    id: Type.String({ description: 'The `sid` of its tokens.' }),
    client_id: Type.String(),
    current: Type.Boolean({ description: 'Whether it is the session that asks: this device.' }),
    device: Type.Object(
      {
        label: Type.String({
          description:
            'What to call the device: what the backend that started the session called it, else made of `user_agent` when it is asked for, without versions (`Firefox on Windows`, `Chrome on Android (Pixel 8)`, `MyApp on iOS`, `curl`), else `Unknown device`. Never blank. For telling devices apart, not for deciding anything: a caller names itself as it likes.',
        }),
        user_agent: Type.Optional(
          Type.String({ description: 'What the session was started by, in its own words.' }),
        ),
        address: Type.Optional(
          Type.String({ description: 'The IP address it was started or last refreshed from.' }),
        ),
      },
      { additionalProperties: false },
    ),
    amr: Type.Array(Type.String(), { description: 'How the user was authenticated (RFC 8176).' }),
    auth_time: Instant('When the user logged in.'),
    created_at: Instant('The first use: when the session started.'),
    last_used_at: Instant(
      'The last use: when it was last refreshed. Services that verify tokens offline tell nobody.',
    ),
    idle_expires_at: Instant('When it ends unless it is refreshed.'),
    expires_at: Instant('When it ends in any case.'),
  },
  { additionalProperties: false },
)

export const SessionList = Type.Object(
  { sessions: Type.Array(WireSession) },
  { additionalProperties: false },
)

const common = {
  client_id: 'web',
  amr: ['pwd'],
  idle_expires_at: '2026-12-05T11:46:40.000Z',
  expires_at: '2027-02-19T11:46:40.000Z',
}

/** An example of it. */
export const sessionListExample = {
  sessions: [
    {
      ...common,
      id: SID,
      current: true,
      device: {
        label: 'Firefox on Linux',
        user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
        address: '203.0.113.7',
      },
      auth_time: '2026-11-21T11:46:40.000Z',
      created_at: '2026-11-21T11:46:40.000Z',
      last_used_at: '2026-11-21T11:46:40.000Z',
    },
    {
      ...common,
      id: '0199bf02-1d7a-7e9b-a8c5-52d5b0a9c4f3',
      current: false,
      device: { label: 'Ada’s phone', address: '2001:db8::7' },
      auth_time: '2026-11-20T18:02:11.000Z',
      created_at: '2026-11-20T18:02:11.000Z',
      last_used_at: '2026-11-21T09:15:42.000Z',
    },
  ],
}

/** The wire form of a session; `currentSid` is the session that asks. */
export function toWireSession(
  session: Session,
  currentSid: string | undefined,
): Static<typeof WireSession> {
  const { userAgent, address } = session.device
  return {
    id: session.sid,
    client_id: session.clientId,
    current: session.sid === currentSid,
    device: {
      label: deviceLabel(session.device),
      ...(userAgent !== undefined && { user_agent: userAgent }),
      ...(address !== undefined && { address }),
    },
    amr: [...session.amr],
    auth_time: iso(session.authTime),
    created_at: iso(session.createdAt),
    last_used_at: iso(session.lastUsedAt),
    idle_expires_at: iso(session.idleExpiresAt),
    expires_at: iso(session.expiresAt),
  }
}
