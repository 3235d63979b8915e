import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { AuthenticateClient } from '../../clients/authenticate.ts'
import { isPublic } from '../../clients/client.ts'
import { readCredentials } from '../../clients/credentials.ts'
import { OAuthError } from '../../oauth/error.ts'
import type { Introspect } from '../../tokens/introspect.ts'
import type { Limits } from '../limits/limits.ts'
import { parametersOf } from '../plugins/bodies.ts'
import { oauthErrors } from '../wire/errors.ts'
import { inFormOrJson } from '../wire/media.ts'

const IntrospectionRequestBody = Type.Object({
  token: Type.String(),
  token_type_hint: Type.Optional(
    Type.String({ description: 'Not needed: a token says what it is.' }),
  ),
  client_id: Type.Optional(Type.String()),
  client_secret: Type.Optional(Type.String()),
})

const IntrospectionResponse = Type.Object(
  { active: Type.Boolean() },
  {
    description:
      'Of an active token its claims and `token_type`; of any other only `active: false`.',
    additionalProperties: true,
    examples: [{ active: false }],
  },
)

/** `POST /introspect` (RFC 7662), for confidential clients. */
export function introspectRoute(
  app: FastifyInstance,
  options: { authenticateClient: AuthenticateClient; introspect: Introspect; limits: Limits },
): void {
  app.post(
    '/introspect',
    {
      config: { pages: 'none' },
      schema: {
        operationId: 'introspectToken',
        summary: 'Ask about a token',
        description:
          'Introspection (RFC 7662). A client is told of its own tokens, and of access tokens for the audiences it is the resource server of; every other token is inactive for it.',
        tags: ['tokens'],
        security: [{ clientBasic: [] }, {}],
        body: inFormOrJson(IntrospectionRequestBody, { token: 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln' }),
        response: { 200: IntrospectionResponse, ...oauthErrors(400, 401, 403, 413, 415, 503) },
      },
    },
    async (request) => {
      const parameters = parametersOf(request)
      const credentials = readCredentials(request.headers.authorization, parameters)
      const limits = options.limits(request)
      const gate = limits.client(credentials.clientId)
      const client = await options.authenticateClient(credentials, gate)
      request.facts.clientId = client.clientId
      if (isPublic(client)) {
        throw new OAuthError(
          'client_not_allowed',
          'introspection is for confidential clients (RFC 7662 section 2.1)',
        )
      }
      await limits.introspection(client.clientId)
      return options.introspect(parameters.require('token'), client)
    },
  )
}
