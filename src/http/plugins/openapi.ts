import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

// Swagger UI comes from here and talks to nobody else.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join('; ')

const TAGS = [
  { name: 'tokens', description: 'Get, refresh, revoke and ask about tokens.' },
  { name: 'sessions', description: 'Start, list and end sessions.' },
  { name: 'account', description: 'What a token says.' },
  { name: 'verification', description: 'What other services verify with.' },
  { name: 'operation', description: 'For whoever runs the service.' },
]

/** The OpenAPI 3.1 document of the routes, at `/openapi.json`, and Swagger UI on it, at `/docs`. */
export async function describeApi(app: FastifyInstance, options: { version: string }) {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Mintmark',
        version: options.version,
        description:
          'Issues, rotates and revokes tokens that any service can verify offline. OAuth endpoints answer errors as in RFC 6749 section 5.2, all others as in RFC 9457.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This service.' }],
      tags: TAGS,
      components: {
        securitySchemes: {
          clientBasic: {
            type: 'http',
            scheme: 'basic',
            description: 'client_id and client_secret (RFC 6749 section 2.3.1).',
          },
          bearer: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'An access token whose audience includes this issuer.',
          },
        },
      },
    },
    transformObject: (document) =>
      'openapiObject' in document ? withRequestIds(document.openapiObject) : document.swaggerObject,
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `schema-${index}`,
    },
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: CONTENT_SECURITY_POLICY,
    uiConfig: { persistAuthorization: true, tryItOutEnabled: true, validatorUrl: null },
  })
  app.get(
    '/openapi.json',
    { schema: { hide: true }, config: { errorShape: 'problem' } },
    async (_request, reply) => reply.type('application/json').send(JSON.stringify(app.swagger())),
  )
}

const REQUEST_ID = {
  description: 'Finds the request in the log: the X-Request-Id that was sent, or a new one.',
  schema: { type: 'string' },
}

/** Every answer names its request, so every response says so. */
function withRequestIds(document: object): object {
  const { paths = {} } = document as {
    paths?: Record<string, Record<string, { responses?: Record<string, { headers?: object }> }>>
  }
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) {
    for (const response of Object.values(operation.responses ?? {})) {
      response.headers = { ...response.headers, 'X-Request-Id': REQUEST_ID }
    }
  }
  return document
}
