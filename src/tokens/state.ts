import type { Clock } from '../base/clock.ts'
import type { Client } from '../clients/client.ts'
import type { FindClient } from '../clients/find.ts'
import type { Executor } from '../db/connect.ts'
import { isTokenRevoked } from '../revocations/store.ts'
import type { FindSession } from '../sessions/find.ts'
import { isAlive, type Session } from '../sessions/session.ts'
import type { AccessTokenClaims } from './access-token.ts'
import { instantOf } from './token-id.ts'

/** What the database knows of an access token: whether it still stands, and its session. */
export interface TokenState {
  readonly stands: boolean
  readonly session: Session | undefined
}

/**
 * Asks what a signature cannot tell: whether the token's session is alive or, without a session,
 * whether it was revoked; and whether its client still may do anything, and has not been cut off.
 * Throws DatabaseUnavailable.
 */
export type ReadTokenState = (claims: AccessTokenClaims) => Promise<TokenState>

export function createReadTokenState(options: {
  db: Executor
  clock: Clock
  findClient: FindClient
  findSession: FindSession
}): ReadTokenState {
  const { db, clock, findClient, findSession } = options
  return async ({ sid, jti, iat, client_id: clientId }) => {
    if (sid === undefined) {
      const [isRevoked, client] = await Promise.all([isTokenRevoked(db, jti), findClient(clientId)])
      const issuedAt = instantOf(jti) ?? iat * 1000
      const stands = !isRevoked && mayWork(client) && !isTokenCutOff(client, issuedAt)
      return { stands, session: undefined }
    }
    const [session, client] = await Promise.all([findSession(sid), findClient(clientId)])
    if (session === undefined) return { stands: false, session }
    const isCutOff = session.createdAt < (client?.cutOff?.notBefore ?? 0)
    const stands = isAlive(session, clock.now()) && mayWork(client) && !isCutOff
    return { stands, session }
  }
}

/** Whether a client is there and at work. */
function mayWork(client: Client | undefined): boolean {
  return client !== undefined && client.disabledAt === undefined
}

/**
 * Whether a token without a session is behind its client's cut-off. Sessions are cut off a little
 * generously, as one that starts later counts from there; a token cannot, so its own instant counts.
 */
function isTokenCutOff(client: Client | undefined, issuedAt: number): boolean {
  const { notBefore, madeAt } = client?.cutOff ?? { notBefore: 0, madeAt: 0 }
  return issuedAt < Math.min(notBefore, madeAt)
}
