import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { AuthenticateClient } from '../../clients/authenticate.ts'
import { isPublic } from '../../clients/client.ts'
import { readCredentials } from '../../clients/credentials.ts'
import { OAuthError } from '../../oauth/error.ts'
import type { Introspect } from '../../tokens/introspect.ts'
import type { Limits } from '../limits/limits.ts'
import { parametersOf } from '../plugins/bodies.ts'
import { originOf } from '../plugins/request-log.ts'
import { CLIENT, FORM } from '../wire/error-examples.ts'
import { oauthErrors } from '../wire/errors.ts'
import { neverStored } from '../wire/header.ts'
import { limitHeaders } from '../wire/limit-headers.ts'
import { inFormOrJson, inJson } from '../wire/media.ts'
import { ACCESS_TOKEN, CLIENT_SECRET, JTI, SID, SUB } from '../wire/samples.ts'

const IntrospectionRequestBody = Type.Object({
  token: Type.String(),
  token_type_hint: Type.Optional(
    Type.String({ description: 'Not needed: a token says what it is.' }),
  ),
  client_id: Type.Optional(Type.String()),
  client_secret: Type.Optional(Type.String()),
})

const IntrospectionResponse = Type.Object(
  {
    active: Type.Boolean(),
    token_type: Type.Optional(Type.String({ enum: ['Bearer', 'refresh_token'] })),
    client_id: Type.Optional(Type.String()),
    sub: Type.Optional(Type.String()),
    scope: Type.Optional(Type.String()),
    exp: Type.Optional(Type.Integer({ description: 'In seconds since 1970, as `iat`.' })),
    iat: Type.Optional(Type.Integer()),
    sid: Type.Optional(Type.String({ description: 'The session, if there is one.' })),
  },
  { additionalProperties: true },
)

const ACTIVE = {
  active: true,
  token_type: 'Bearer',
  iss: 'https://auth.example',
  aud: ['https://orders.example', 'https://auth.example'],
  client_id: 'web',
  sub: SUB,
  scope: 'orders:read orders:write',
  sid: SID,
  jti: JTI,
  iat: 1_795_261_600,
  exp: 1_795_262_179,
}

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
        body: inFormOrJson(IntrospectionRequestBody, {
          access_token: {
            summary: 'A resource server asks about a token it was sent',
            value: {
              token: ACCESS_TOKEN,
              client_id: 'orders-service',
              client_secret: CLIENT_SECRET,
            },
          },
        }),
        response: {
          ...oauthErrors(
            ...FORM,
            ...CLIENT,
            'client_not_allowed',
            'master_key_missing',
            'too_many_requests',
          ),
          200: inJson(
            'Of an active token its claims and `token_type`; of any other only `active: false`.',
            IntrospectionResponse,
            {
              active: { summary: 'It is good.', value: ACTIVE },
              inactive: { summary: 'Anything else, whatever it is.', value: { active: false } },
            },
            { ...limitHeaders('introspect'), ...neverStored },
          ),
        },
      },
    },
    async (request) => {
      const parameters = parametersOf(request)
      const credentials = readCredentials(request.headers.authorization, parameters)
      const limits = options.limits(request)
      const gate = limits.client(credentials.clientId)
      const client = await options.authenticateClient(credentials, gate, originOf(request))
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
