import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Client } from '../../clients/client.ts'
import type { TokenAnswer } from '../../grants/answer.ts'
import type { TokenEndpoint, TokenRequest } from '../../grants/token-endpoint.ts'
import type { Limits } from '../limits/limits.ts'
import { parametersOf } from '../plugins/bodies.ts'
import { originOf } from '../plugins/request-log.ts'
import { pageOf, type RefreshCookies } from '../refresh-cookies.ts'
import { oauthErrors } from '../wire/errors.ts'
import { inFormOrJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { TokenResponse, toTokenResponse } from '../wire/token-response.ts'

const clientParameters = {
  client_id: Type.Optional(
    Type.String({ description: 'For public clients, and for client_secret_post.' }),
  ),
  client_secret: Type.Optional(Type.String({ description: 'For client_secret_post.' })),
}
const scope = Type.Optional(
  Type.String({ description: 'Space-separated; everything allowed when left out.' }),
)
/** RFC 8707 §2: repeated in a form, a list in JSON. */
export const resource = Type.Optional(
  Type.Union([Type.String(), Type.Array(Type.String())], {
    description: 'The audience of the token (RFC 8707); in a form it may be repeated.',
  }),
)

/** For documentation only: the desk reads the parameters, and each grant its own. */
const TokenRequestBody = Type.Union([
  Type.Object(
    { grant_type: Type.Literal('client_credentials'), scope, resource, ...clientParameters },
    { title: 'client_credentials (RFC 6749 section 4.4)' },
  ),
  Type.Object(
    {
      grant_type: Type.Literal('password'),
      username: Type.String(),
      password: Type.String({ format: 'password' }),
      scope,
      resource,
      ...clientParameters,
    },
    { title: 'password (RFC 6749 section 4.3)' },
  ),
  Type.Object(
    {
      grant_type: Type.Literal('refresh_token'),
      refresh_token: Type.String(),
      scope,
      resource,
      ...clientParameters,
    },
    { title: 'refresh_token (RFC 6749 section 6)' },
  ),
])

/** The request header by which a refresh proves that it is a retry. */
export const refreshRequestHeaders = Type.Object({
  'Idempotency-Key': Type.Optional(
    Type.String({
      description:
        'For a refresh: drawn once (a UUID, say), stored before the request and sent again with its retries. 1 to 255 printable ASCII characters without spaces.',
    }),
  ),
})

/** The refresh outcome, in the answer of a refresh. */
export const refreshHeaders = {
  'Refresh-Outcome': Type.String({
    enum: ['rotated', 'retried', 'recovered'],
    description: 'What a refresh did: made a successor, or handed it out again.',
  }),
}

/** `POST /token` (RFC 6749 §3.2). */
export function tokenRoute(
  app: FastifyInstance,
  options: { tokenEndpoint: TokenEndpoint; limits: Limits; refreshCookies: RefreshCookies },
): void {
  app.post(
    '/token',
    {
      schema: {
        operationId: 'requestToken',
        summary: 'Get tokens',
        description:
          'The token endpoint (RFC 6749 section 3.2): `client_credentials`, `password`, `refresh_token`. A retried refresh is answered with the same successor; send an `Idempotency-Key` to make that hold for a day.',
        tags: ['tokens'],
        security: [{ clientBasic: [] }, {}],
        headers: refreshRequestHeaders,
        body: inFormOrJson(TokenRequestBody, {
          grant_type: 'password',
          username: 'alice',
          password: 'the password in .mintmark/demo.json',
          client_id: 'web',
        }),
        response: {
          200: { ...reference(TokenResponse), headers: refreshHeaders },
          ...oauthErrors(400, 401, 413, 415, 503),
        },
      },
    },
    async (request, reply) => {
      const tokenRequest = toTokenRequest(request, options.limits)
      const grantType = tokenRequest.parameters.require('grant_type')
      const answer = await options.tokenEndpoint(grantType, tokenRequest)
      return sendTokens(request, reply, grantType, answer, options.refreshCookies)
    },
  )
}

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
