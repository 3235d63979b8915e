import type { Origin } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import type { Client } from '../clients/client.ts'
import type { Database } from '../db/connect.ts'
import { OAuthError } from '../oauth/error.ts'
import { revokeToken } from '../revocations/store.ts'
import type { EndSessions } from '../sessions/end.ts'
import type { RefreshTokens } from '../sessions/refresh-token.ts'
import { findByHandle } from '../sessions/store.ts'
import type { JudgeAccessToken } from './judge.ts'

/**
 * Revokes a token of the client (RFC 7009 §2.1). A refresh token, of whatever generation, and an
 * access token of a session end the session and with it all of its tokens; an access token without
 * one is marked by its `jti`. A token that is unknown, expired or revoked already is fine as it is.
 * Throws `token_of_other_client`, DatabaseUnavailable.
 */
export type RevokeToken = (token: string, client: Client, origin: Origin) => Promise<void>

export function createRevokeToken(options: {
  database: Database
  clock: Clock
  refreshTokens: RefreshTokens
  judge: JudgeAccessToken
  endSessions: EndSessions
  recordEvents: RecordEvents
}): RevokeToken {
  const { database, clock, refreshTokens, judge, endSessions, recordEvents } = options

  const endSession = async (sid: string, client: Client, origin: Origin) => {
    await endSessions.end({ sid }, 'token_revoked', { by: client.clientId, origin })
  }

  return async (token, client, origin) => {
    const refreshToken = refreshTokens.parse(token)
    if (refreshToken !== undefined) {
      const found = await findByHandle(database.kysely, refreshToken.handleHash)
      if (found === undefined) return
      requireOwn(found.session.clientId, client)
      return endSession(found.session.sid, client, origin)
    }
    const judgement = judge(token)
    if (!judgement.good) return
    const { jti, exp, sid, sub, client_id: clientId } = judgement.claims
    requireOwn(clientId, client)
    if (sid !== undefined) return endSession(sid, client, origin)
    await database.transaction(async (tx) => {
      const isNew = await revokeToken(tx, { jti, expiresAt: exp * 1000 }, clock.now())
      if (isNew) await recordEvents(tx, origin, [{ type: 'token.revoked', jti, sub, clientId }])
    })
  }
}

function requireOwn(clientId: string, client: Client): void {
  if (clientId === client.clientId) return
  throw new OAuthError('token_of_other_client', 'the token was issued to another client')
}
