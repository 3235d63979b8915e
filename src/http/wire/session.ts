import { type Static, Type } from 'typebox'
import type { Session } from '../../sessions/session.ts'

const Instant = (description: string) => Type.String({ format: 'date-time', description })

const WireSession = Type.Object({
  id: Type.String({ description: 'The `sid` of its tokens.' }),
  client_id: Type.String(),
  current: Type.Boolean({ description: 'Whether it is the session that asks.' }),
  device: Type.Object({
    label: Type.Optional(Type.String()),
    user_agent: Type.Optional(Type.String()),
    address: Type.Optional(Type.String({ description: 'Where it was last used from.' })),
  }),
  amr: Type.Array(Type.String(), { description: 'How the user was authenticated (RFC 8176).' }),
  auth_time: Instant('When the user logged in.'),
  created_at: Instant('When the session started.'),
  last_used_at: Instant('When it was last refreshed.'),
  idle_expires_at: Instant('When it ends unless it is refreshed.'),
  expires_at: Instant('When it ends in any case.'),
})

export const SessionList = Type.Object(
  { sessions: Type.Array(WireSession) },
  { $id: 'SessionList', description: 'Live sessions, the last used first.' },
)

/** The wire form of a session; `currentSid` is the session that asks. */
export function toWireSession(
  session: Session,
  currentSid: string | undefined,
): Static<typeof WireSession> {
  const { label, userAgent, address } = session.device
  const instant = (at: number) => new Date(at).toISOString()
  return {
    id: session.sid,
    client_id: session.clientId,
    current: session.sid === currentSid,
    device: {
      ...(label !== undefined && { label }),
      ...(userAgent !== undefined && { user_agent: userAgent }),
      ...(address !== undefined && { address }),
    },
    amr: [...session.amr],
    auth_time: instant(session.authTime),
    created_at: instant(session.createdAt),
    last_used_at: instant(session.lastUsedAt),
    idle_expires_at: instant(session.idleExpiresAt),
    expires_at: instant(session.expiresAt),
  }
}
