import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { entityTag } from '../../base/hash.ts'
import { jwksMaxAge, type KeyTiming } from '../../config/key-timing.ts'
import { algorithmNames } from '../../jwt/algorithms.ts'
import { authenticationMethods, grantTypes } from '../../oauth/grant-types.ts'
import { cacheControl, cacheHeaders, isFresh } from '../cache.ts'
import type { Limits } from '../limits/limits.ts'
import type { DocsAccess } from '../plugins/docs.ts'
import { ANYWHERE } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { limitHeaders } from '../wire/limit-headers.ts'
import { inJson } from '../wire/media.ts'

const PATHS = {
  '/.well-known/oauth-authorization-server': 'getMetadata',
  '/.well-known/openid-configuration': 'getOpenidConfiguration',
} as const

const Names = Type.Array(Type.String())

const Metadata = Type.Object(
  {
    issuer: Type.String(),
    token_endpoint: Type.String(),
    jwks_uri: Type.String(),
    revocation_endpoint: Type.String(),
    introspection_endpoint: Type.String(),
    grant_types_supported: Names,
    response_types_supported: Names,
    token_endpoint_auth_methods_supported: Names,
    revocation_endpoint_auth_methods_supported: Names,
    introspection_endpoint_auth_methods_supported: Names,
    subject_types_supported: Names,
    id_token_signing_alg_values_supported: Names,
    access_token_signing_alg_values_supported: Names,
    revocations_uri: Type.String({
      description: 'What has ended before its tokens expire; not of RFC 8414, like the next.',
    }),
    revocations_stream_uri: Type.String({ description: 'The same, as it happens.' }),
    service_documentation: Type.Optional(
      Type.String({ description: 'Swagger UI, where it is on.' }),
    ),
  },
  {
    description: 'Authorization server metadata (RFC 8414 section 2).',
    additionalProperties: false,
  },
)

const headers = { ...cacheHeaders, ...limitHeaders('public') }

/**
 * The metadata of RFC 8414 §2, at its own path and at the one of OpenID Connect Discovery, where many
 * verifiers look. Made once from the configured issuer, never from the request's Host.
 */
export function metadataRoutes(
  app: FastifyInstance,
  options: { issuer: string; docs: DocsAccess; keyTiming: KeyTiming; limits: Limits },
): void {
  const body = JSON.stringify(describe(options.issuer, options.docs.served))
  const headersOfAll = {
    etag: entityTag(body),
    'cache-control': cacheControl(jwksMaxAge(options.keyTiming)),
  }
  for (const [path, operationId] of Object.entries(PATHS)) {
    app.get(
      path,
      {
        config: { pages: 'any' },
        schema: {
          operationId,
          summary: 'Where everything is',
          description: 'Authorization server metadata (RFC 8414).',
          tags: ['verification'],
          security: [],
          response: {
            ...problems(...ANYWHERE, 'too_many_requests'),
            200: inJson(
              'The metadata.',
              Metadata,
              {
                metadata: {
                  summary: 'Of https://auth.example',
                  value: describe('https://auth.example', true),
                },
              },
              headers,
            ),
            304: { ...Type.Null({ description: 'You have it already.' }), headers },
          },
        },
      },
      async (request, reply) => {
        await options.limits(request).publicRead()
        reply.headers(headersOfAll)
        if (isFresh(request.headers['if-none-match'], headersOfAll.etag))
          return reply.code(304).send()
        return reply.type('application/json').send(body)
      },
    )
  }
}

function describe(issuer: string, hasDocs: boolean) {
  const confidential = authenticationMethods.filter((method) => method !== 'none')
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    revocation_endpoint: `${issuer}/revoke`,
    introspection_endpoint: `${issuer}/introspect`,
    grant_types_supported: grantTypes,
    // There is no authorization endpoint, so there is no response type (RFC 8414 §2 requires the list).
    response_types_supported: [],
    token_endpoint_auth_methods_supported: authenticationMethods,
    revocation_endpoint_auth_methods_supported: authenticationMethods,
    introspection_endpoint_auth_methods_supported: confidential,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algorithmNames,
    // A client or an audience may ask for any of them.
    access_token_signing_alg_values_supported: algorithmNames,
    revocations_uri: `${issuer}/.well-known/revocations`,
    revocations_stream_uri: `${issuer}/.well-known/revocations/stream`,
    ...(hasDocs && { service_documentation: `${issuer}/docs` }),
  }
}
