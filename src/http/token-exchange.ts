import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../clients/client.ts'
import type { TokenAnswer } from '../grants/answer.ts'
import type { TokenRequest } from '../grants/token-endpoint.ts'
import type { Limits } from './limits/limits.ts'
import { parametersOf } from './plugins/bodies.ts'
import { originOf } from './plugins/request-log.ts'
import { pageOf, type RefreshCookies } from './refresh-cookies.ts'
import { toTokenResponse } from './wire/token-response.ts'

/** What the desk needs of a request. */
export function toTokenRequest(request: FastifyRequest, limits: Limits): TokenRequest {
  const key = request.headers['idempotency-key']
  return {
    authorizationHeader: request.headers.authorization,
    parameters: parametersOf(request),
    idempotencyKey: Array.isArray(key) ? key.join(',') : key,
    refreshTokenIn: 'body',
    page: pageOf(request),
    origin: originOf(request),
    limits: limits(request),
  }
}

/**
 * Answers with tokens, the refresh token in the body or in the client's cookie, and notes for the log
 * what they were given for.
 */
export function sendTokens(
  request: FastifyRequest,
  reply: FastifyReply,
  grantType: string,
  answer: TokenAnswer & { client: Client },
  refreshCookies: RefreshCookies,
) {
  const { facts } = request
  facts.grantType = grantType
  const { clientId, refreshTokenIn } = answer.client
  facts.clientId = clientId
  if (answer.sid !== undefined) facts.sid = answer.sid
  if (answer.refreshOutcome !== undefined) {
    facts.outcome = answer.refreshOutcome
    reply.header('refresh-outcome', answer.refreshOutcome)
  }
  const { refreshToken, sessionExpiresInSeconds = 0 } = answer
  if (refreshTokenIn === 'body' || refreshToken === undefined) return toTokenResponse(answer)
  refreshCookies.set(reply, clientId, refreshToken, sessionExpiresInSeconds)
  return toTokenResponse({ ...answer, refreshToken: undefined })
}
