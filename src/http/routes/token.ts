import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Client } from '../../clients/client.ts'
import type { TokenAnswer } from '../../grants/answer.ts'
import type { TokenEndpoint, TokenRequest } from '../../grants/token-endpoint.ts'
import type { Limits } from '../limits/limits.ts'
import { parametersOf } from '../plugins/bodies.ts'
import { originOf } from '../plugins/request-log.ts'
import { pageOf, type RefreshCookies } from '../refresh-cookies.ts'
import { CLIENT, FORM, ISSUE, OWN_PAGE, REFRESH } from '../wire/error-examples.ts'
import { oauthErrors } from '../wire/errors.ts'
import { header } from '../wire/header.ts'
import { inFormOrJson, inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { CLIENT_SECRET, REFRESH_TOKEN } from '../wire/samples.ts'
import { clientTokens, TokenResponse, toTokenResponse, userTokens } from '../wire/token-response.ts'

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

/** The request header that the pages of a client with cookies send. */
const csrf = {
  'X-CSRF': Type.Optional(
    Type.String({
      description: '`1`, from the pages of a client that keeps its token in a cookie.',
    }),
  ),
}
export const pageRequestHeaders = Type.Object(csrf)

/** With it, the request header by which a refresh proves that it is a retry. */
export const refreshRequestHeaders = Type.Object({
  ...csrf,
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
    examples: ['rotated'],
  }),
}

/** The cookie of a client that keeps its refresh token in one, set or cleared. */
export const cookieHeaders = {
  'Set-Cookie': header(
    'For a client that keeps its refresh token in a cookie: that, until the session ends.',
    `__Host-mintmark-refresh-web=${REFRESH_TOKEN}; Max-Age=7776000; Path=/; HttpOnly; Secure; SameSite=Strict`,
  ),
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
          password: {
            summary: 'A user logs in at a browser frontend',
            value: {
              grant_type: 'password',
              username: 'alice',
              password: 'the password of alice',
              client_id: 'web',
            },
          },
          client_credentials: {
            summary: 'A service, for itself',
            value: {
              grant_type: 'client_credentials',
              client_id: 'orders-service',
              client_secret: CLIENT_SECRET,
            },
          },
          refresh_token: {
            summary: 'A browser frontend refreshes',
            value: { grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN, client_id: 'web' },
          },
        }),
        response: {
          ...oauthErrors(
            ...FORM,
            ...CLIENT,
            ...ISSUE,
            ...REFRESH,
            ...OWN_PAGE,
            'grant_type_unsupported',
            'login_failed',
            'login_queue_full',
            'too_many_logins',
          ),
          200: inJson(
            'Tokens (RFC 6749 section 5.1).',
            reference(TokenResponse),
            { user: userTokens, client: clientTokens },
            { ...refreshHeaders, ...cookieHeaders },
          ),
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
