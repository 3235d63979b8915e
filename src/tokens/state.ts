import type { Clock } from '../base/clock.ts'
import type { Client } from '../clients/client.ts'
import { findClient } from '../clients/store.ts'
import type { Executor } from '../db/connect.ts'
import { isTokenRevoked } from '../revocations/store.ts'
import { isAlive, type Session } from '../sessions/session.ts'
import { findSession } from '../sessions/store.ts'
import type { AccessTokenClaims } from './access-token.ts'

/** What the database knows of an access token: whether it still stands, and its session. */
export interface TokenState {
  readonly stands: boolean
  readonly session: Session | undefined
}

/**
 * Asks what a signature cannot tell: whether the token's session is alive or, without a session,
 * whether it was revoked; and whether its client still may do anything, and has not been cut off. Throws DatabaseUnavailable.
 */
export type ReadTokenState = (claims: AccessTokenClaims) => Promise<TokenState>

export function createReadTokenState(options: { db: Executor; clock: Clock }): ReadTokenState {
  const { db, clock } = options
  return async ({ sid, jti, iat, client_id: clientId }) => {
    if (sid === undefined) {
      const [isRevoked, client] = await Promise.all([
        isTokenRevoked(db, jti),
        findClient(db, clientId),
      ])
      return { stands: !isRevoked && mayWork(client, iat * 1000), session: undefined }
    }
    const [session, client] = await Promise.all([findSession(db, sid), findClient(db, clientId)])
    if (session === undefined) return { stands: false, session }
    const stands = isAlive(session, clock.now()) && mayWork(client, session.createdAt)
    return { stands, session }
  }
}

/** Whether a client is at work, and what began at that instant is not behind its cut-off. */
function mayWork(client: Client | undefined, startedAt: number): boolean {
  if (client === undefined || client.disabledAt !== undefined) return false
  return client.cutOff === undefined || startedAt >= client.cutOff.notBefore
}
