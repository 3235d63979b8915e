import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { AuthenticateClient } from '../../clients/authenticate.ts'
import { readCredentials } from '../../clients/credentials.ts'
import type { RevokeToken } from '../../tokens/revoke.ts'
import type { Limits } from '../limits/limits.ts'
import { parametersOf } from '../plugins/bodies.ts'
import { originOf } from '../plugins/request-log.ts'
import { CLIENT, FORM } from '../wire/error-examples.ts'
import { oauthErrors } from '../wire/errors.ts'
import { inFormOrJson } from '../wire/media.ts'
import { REFRESH_TOKEN } from '../wire/samples.ts'

const RevocationRequestBody = Type.Object({
  token: Type.String({ description: 'A refresh token or an access token of this client.' }),
  token_type_hint: Type.Optional(
    Type.String({ description: 'Not needed: a token says what it is.' }),
  ),
  client_id: Type.Optional(Type.String()),
  client_secret: Type.Optional(Type.String()),
})

/** `POST /revoke` (RFC 7009): 200 with no body, for a token that is unknown as well (§2.2). */
export function revokeRoute(
  app: FastifyInstance,
  options: { authenticateClient: AuthenticateClient; revokeToken: RevokeToken; limits: Limits },
): void {
  app.post(
    '/revoke',
    {
      schema: {
        operationId: 'revokeToken',
        summary: 'Revoke a token',
        description:
          'Revocation (RFC 7009). A refresh token, or an access token of a session, ends the whole session; an access token without a session is revoked alone.',
        tags: ['tokens'],
        security: [{ clientBasic: [] }, {}],
        body: inFormOrJson(RevocationRequestBody, {
          refresh_token: {
            summary: 'A public client revokes a refresh token',
            value: { token: REFRESH_TOKEN, client_id: 'web' },
          },
        }),
        response: {
          ...oauthErrors(...FORM, ...CLIENT, 'token_of_other_client', 'master_key_missing'),
          200: Type.Null({ description: 'The token is of no use any more.' }),
        },
      },
    },
    async (request, reply) => {
      const parameters = parametersOf(request)
      const credentials = readCredentials(request.headers.authorization, parameters)
      const client = await options.authenticateClient(
        credentials,
        options.limits(request).client(credentials.clientId),
        originOf(request),
      )
      request.facts.clientId = client.clientId
      await options.revokeToken(parameters.require('token'), client, originOf(request))
      return reply.code(200).send()
    },
  )
}
