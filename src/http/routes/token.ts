import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { TokenEndpoint } from '../../grants/token-endpoint.ts'
import type { Limits } from '../limits/limits.ts'
import type { RefreshCookies } from '../refresh-cookies.ts'
import { sendTokens, toTokenRequest } from '../token-exchange.ts'
import { CLIENT, FORM, ISSUE, OWN_PAGE, REFRESH } from '../wire/error-examples.ts'
import { oauthErrors } from '../wire/errors.ts'
import { neverStored } from '../wire/header.ts'
import { limitHeaders } from '../wire/limit-headers.ts'
import { inFormOrJson, inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { CLIENT_SECRET, REFRESH_TOKEN } from '../wire/samples.ts'
import {
  cookieHeaders,
  refreshHeaders,
  refreshRequestHeaders,
  resource,
} from '../wire/token-request.ts'
import { clientTokens, TokenResponse, userTokens } from '../wire/token-response.ts'

const clientParameters = {
  client_id: Type.Optional(
    Type.String({ description: 'For public clients, and for client_secret_post.' }),
  ),
  client_secret: Type.Optional(Type.String({ description: 'For client_secret_post.' })),
}
const scope = Type.Optional(
  Type.String({ description: 'Space-separated; everything allowed when left out.' }),
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
            { ...refreshHeaders, ...cookieHeaders, ...limitHeaders('login'), ...neverStored },
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
