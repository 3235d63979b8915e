import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { TokenEndpoint, TokenRequest } from '../../grants/token-endpoint.ts'
import { OAuthError } from '../../oauth/error.ts'
import { withValues } from '../../oauth/parameters.ts'
import type { Limits } from '../limits/limits.ts'
import type { CookieToken, RefreshCookies } from '../refresh-cookies.ts'
import { sendTokens, toTokenRequest } from '../token-exchange.ts'
import { CLIENT, COOKIE, FORM, ISSUE, REFRESH } from '../wire/error-examples.ts'
import { oauthErrors } from '../wire/errors.ts'
import { neverStored } from '../wire/header.ts'
import { limitHeaders } from '../wire/limit-headers.ts'
import { inFormOrJson, inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { REFRESH_TOKEN } from '../wire/samples.ts'
import {
  cookieHeaders,
  refreshHeaders,
  refreshRequestHeaders,
  resource,
} from '../wire/token-request.ts'
import { TokenResponse, userTokens } from '../wire/token-response.ts'

const RefreshRequestBody = Type.Object({
  refresh_token: Type.Optional(Type.String({ description: 'Not for a client with cookies.' })),
  client_id: Type.Optional(Type.String({ description: 'Required for public clients.' })),
  client_secret: Type.Optional(Type.String({ description: 'For client_secret_post.' })),
  scope: Type.Optional(Type.String()),
  resource,
})

/** `POST /refresh`: the refresh_token grant of `POST /token`, in the shape that frontends ask for. */
export function refreshRoute(
  app: FastifyInstance,
  options: { tokenEndpoint: TokenEndpoint; limits: Limits; refreshCookies: RefreshCookies },
): void {
  const { tokenEndpoint, limits, refreshCookies } = options
  app.post(
    '/refresh',
    {
      schema: {
        operationId: 'refresh',
        summary: 'Refresh tokens',
        description:
          'The same as `POST /token` with `grant_type=refresh_token`. Parallel calls and retries with one refresh token all get the same successor. Throw tokens away on `invalid_grant` and on nothing else.',
        tags: ['tokens'],
        security: [{ clientBasic: [] }, { refreshCookie: [] }, {}],
        headers: refreshRequestHeaders,
        body: inFormOrJson(RefreshRequestBody, {
          public_client: {
            summary: 'A browser frontend refreshes',
            value: { refresh_token: REFRESH_TOKEN, client_id: 'web' },
          },
        }),
        response: {
          ...oauthErrors(...FORM, ...CLIENT, ...ISSUE, ...REFRESH, ...COOKIE, 'cookie_missing'),
          200: inJson(
            'The next tokens of the session.',
            reference(TokenResponse),
            { user: userTokens },
            { ...refreshHeaders, ...cookieHeaders, ...limitHeaders('refresh'), ...neverStored },
          ),
        },
      },
    },
    async (request, reply) => {
      const tokenRequest = toTokenRequest(request, limits)
      const { parameters } = tokenRequest
      const token = await refreshCookies.read(request, reply, parameters)
      if (token === undefined && (await refreshCookies.isAbsent(request, parameters))) {
        throw new OAuthError('cookie_missing', NO_COOKIE)
      }
      const answer = await tokenEndpoint(
        'refresh_token',
        token === undefined ? tokenRequest : withToken(tokenRequest, token),
      )
      return sendTokens(request, reply, 'refresh_token', answer, refreshCookies)
    },
  )
}

/** What a page with cookies is told, instead of how a client authenticates. */
const NO_COOKIE =
  'no refresh token cookie came along: nobody is logged in here, or the page did not send credentials'

/** The same request as if the cookie's token and client had been in its body. */
function withToken(request: TokenRequest, { client, refreshToken }: CookieToken): TokenRequest {
  const { parameters } = request
  const fromCookie = { client_id: client.clientId, refresh_token: refreshToken }
  return {
    ...request,
    // A page may send its access token with everything; a client with cookies authenticates by none.
    authorizationHeader: undefined,
    refreshTokenIn: 'cookie',
    parameters: withValues(parameters, fromCookie),
  }
}
