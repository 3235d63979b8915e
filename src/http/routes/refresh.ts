import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { TokenEndpoint } from '../../grants/token-endpoint.ts'
import { oauthErrors } from '../wire/errors.ts'
import { inFormOrJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { TokenResponse } from '../wire/token-response.ts'
import {
  refreshHeaders,
  refreshRequestHeaders,
  resource,
  sendTokens,
  toTokenRequest,
} from './token.ts'

const RefreshRequestBody = Type.Object({
  refresh_token: Type.String(),
  client_id: Type.Optional(Type.String({ description: 'Required for public clients.' })),
  client_secret: Type.Optional(Type.String({ description: 'For client_secret_post.' })),
  scope: Type.Optional(Type.String()),
  resource,
})

/** `POST /refresh`: the refresh_token grant of `POST /token`, in the shape that frontends ask for. */
export function refreshRoute(
  app: FastifyInstance,
  options: { tokenEndpoint: TokenEndpoint },
): void {
  app.post(
    '/refresh',
    {
      schema: {
        operationId: 'refresh',
        summary: 'Refresh tokens',
        description:
          'The same as `POST /token` with `grant_type=refresh_token`. Parallel calls and retries with one refresh token all get the same successor. Throw tokens away on `invalid_grant` and on nothing else.',
        tags: ['tokens'],
        security: [{ clientBasic: [] }, {}],
        headers: refreshRequestHeaders,
        body: inFormOrJson(RefreshRequestBody, {
          refresh_token: 'mm_rt_AQF0aGVfaGFuZGxlX29mX2l0AAAAAJ0Gq0YkVQz8vF1m0Xo7mZs3kQ9a',
          client_id: 'web',
        }),
        response: {
          200: { ...reference(TokenResponse), headers: refreshHeaders },
          ...oauthErrors(400, 401, 413, 415, 503),
        },
      },
    },
    async (request, reply) => {
      const answer = await options.tokenEndpoint('refresh_token', toTokenRequest(request))
      return sendTokens(request, reply, 'refresh_token', answer)
    },
  )
}
