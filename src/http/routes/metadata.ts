import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { entityTag } from '../../base/hash.ts'
import { algorithmNames } from '../../jwt/algorithms.ts'
import { authenticationMethods, grantTypes } from '../../oauth/grant-types.ts'
import { CACHE_CONTROL, cacheHeaders, isFresh } from '../cache.ts'
import type { Limits } from '../limits/limits.ts'

const PATHS = {
  '/.well-known/oauth-authorization-server': 'getMetadata',
  '/.well-known/openid-configuration': 'getOpenidConfiguration',
} as const

const Metadata = Type.Object(
  {
    issuer: Type.String(),
    token_endpoint: Type.String(),
    jwks_uri: Type.String(),
  },
  {
    $id: 'Metadata',
    description: 'Authorization server metadata (RFC 8414 section 2).',
    additionalProperties: true,
  },
)

/**
 * The metadata of RFC 8414 §2, at its own path and at the one of OpenID Connect Discovery, where many
 * verifiers look. Made once from the configured issuer, never from the request's Host.
 */
export function metadataRoutes(
  app: FastifyInstance,
  options: { issuer: string; limits: Limits },
): void {
  const body = JSON.stringify(describe(options.issuer))
  const etag = entityTag(body)
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
            200: {
              description: 'The metadata.',
              headers: cacheHeaders,
              content: { 'application/json': { schema: Metadata } },
            },
            304: { ...Type.Null({ description: 'You have it already.' }), headers: cacheHeaders },
          },
        },
      },
      async (request, reply) => {
        await options.limits(request).publicRead()
        reply.headers({ etag, 'cache-control': CACHE_CONTROL })
        if (isFresh(request.headers['if-none-match'], etag)) return reply.code(304).send()
        return reply.type('application/json').send(body)
      },
    )
  }
}

function describe(issuer: string) {
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
    service_documentation: `${issuer}/docs`,
  }
}
