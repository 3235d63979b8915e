import type { Clock } from '../base/clock.ts'
import type { Client } from '../clients/client.ts'
import { formatScope } from '../oauth/scope.ts'
import type { FindByHandle } from '../sessions/find.ts'
import type { RefreshTokens } from '../sessions/refresh-token.ts'
import { isAlive } from '../sessions/session.ts'
import type { AccessTokenClaims } from './access-token.ts'
import { isFor, type JudgeAccessToken } from './judge.ts'
import type { ReadTokenState } from './state.ts'

/** The answer of RFC 7662 §2.2. Whatever is not active is only that. */
export type Introspection = { active: false } | ({ active: true } & Record<string, unknown>)

/**
 * Tells a client about a token: its own ones, and access tokens for an audience that it is the
 * resource server of. For anybody else every token is inactive. Throws DatabaseUnavailable.
 */
export type Introspect = (token: string, client: Client) => Promise<Introspection>

const INACTIVE: Introspection = { active: false }

export function createIntrospect(options: {
  findByHandle: FindByHandle
  clock: Clock
  refreshTokens: RefreshTokens
  judge: JudgeAccessToken
  readTokenState: ReadTokenState
}): Introspect {
  const { findByHandle, clock, refreshTokens, judge, readTokenState } = options

  const introspectRefreshToken = async (token: string, client: Client): Promise<Introspection> => {
    const parsed = refreshTokens.parse(token)
    const found = parsed && (await findByHandle(parsed.handleHash))
    if (parsed === undefined || found === undefined) return INACTIVE
    const { session, state } = found
    const isCurrent = state.generation === parsed.generation
    const isCutOff = session.createdAt < (client.cutOff?.notBefore ?? 0)
    if (session.clientId !== client.clientId || !isCurrent || isCutOff) return INACTIVE
    if (!isAlive(session, clock.now())) return INACTIVE
    return {
      active: true,
      token_type: 'refresh_token',
      client_id: session.clientId,
      sub: session.sub,
      sid: session.sid,
      scope: formatScope(session.scope),
      iat: Math.floor((state.rotatedAt ?? session.createdAt) / 1000),
      exp: Math.floor(Math.min(session.idleExpiresAt, session.expiresAt) / 1000),
    }
  }

  return async (token, client) => {
    if (token.startsWith('mm_rt_')) return introspectRefreshToken(token, client)
    const judgement = judge(token)
    if (!judgement.good || !mayAsk(client, judgement.claims)) return INACTIVE
    const { stands } = await readTokenState(judgement.claims)
    return stands ? { ...judgement.claims, active: true, token_type: 'Bearer' } : INACTIVE
  }
}

function mayAsk(client: Client, claims: AccessTokenClaims): boolean {
  return (
    claims.client_id === client.clientId ||
    client.introspects.some((audience) => isFor(claims, audience))
  )
}
