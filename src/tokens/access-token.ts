import type { Client } from '../clients/client.ts'
import { formatScope } from '../oauth/scope.ts'
import type { Session } from '../sessions/session.ts'

/** The claims of an access token (RFC 9068 §2.2). Instants are seconds since the epoch. */
export interface AccessTokenClaims {
  iss: string
  sub: string
  aud: string | string[]
  exp: number
  iat: number
  jti: string
  client_id: string
  scope?: string
  sid?: string
  auth_time?: number
  acr?: string
  amr?: string[]
  roles?: string[]
  [custom: string]: unknown
}

/** What a grant found out, and a token is to say. Without a session the client speaks for itself. */
export interface Subject {
  readonly client: Client
  readonly session: Session | undefined
  readonly scope: readonly string[]
  readonly audience: readonly string[]
}

/**
 * Puts the claims together. `aud` is always a list for a client of several audiences and always a
 * string for a client of one, so that a verifier sees one type. Custom claims of the session stand
 * before the client's.
 */
export function buildClaims(
  subject: Subject,
  token: { issuer: string; jti: string; iat: number; exp: number },
): AccessTokenClaims {
  const { client, session, audience } = subject
  const roles = session === undefined ? client.roles : session.roles
  return {
    ...client.claims,
    ...session?.claims,
    iss: token.issuer,
    sub: session?.sub ?? client.clientId,
    aud: client.audience.length === 1 ? (audience[0] as string) : [...audience],
    exp: token.exp,
    iat: token.iat,
    jti: token.jti,
    client_id: client.clientId,
    ...(subject.scope.length > 0 && { scope: formatScope(subject.scope) }),
    ...(roles.length > 0 && { roles: [...roles] }),
    ...(session !== undefined && sessionClaims(session)),
  }
}

function sessionClaims(session: Session): Partial<AccessTokenClaims> {
  return {
    sid: session.sid,
    auth_time: Math.floor(session.authTime / 1000),
    ...(session.acr !== undefined && { acr: session.acr }),
    ...(session.amr.length > 0 && { amr: [...session.amr] }),
  }
}
