import type { Clock } from '../base/clock.ts'
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
 * Asks what a signature cannot tell: whether the token's session is alive, and for a token without
 * a session, whether it was revoked or its client deleted. Throws DatabaseUnavailable.
 */
export type ReadTokenState = (claims: AccessTokenClaims) => Promise<TokenState>

export function createReadTokenState(options: { db: Executor; clock: Clock }): ReadTokenState {
  const { db, clock } = options
  return async ({ sid, jti, client_id: clientId }) => {
    if (sid === undefined) {
      const [isRevoked, client] = await Promise.all([
        isTokenRevoked(db, jti),
        findClient(db, clientId),
      ])
      return { stands: !isRevoked && client !== undefined, session: undefined }
    }
    const session = await findSession(db, sid)
    return { stands: session !== undefined && isAlive(session, clock.now()), session }
  }
}
