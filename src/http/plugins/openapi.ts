import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Limits } from '../limits/limits.ts'
import { oauth2Scheme, securitySchemes } from '../wire/security.ts'
import { type DocsAccess, sendDocument, serveDocs } from './docs.ts'
import { type LiveExamples, withLiveExamples } from './live-examples.ts'
import { finishDocument, TAGS } from './openapi-document.ts'

/**
 * The OpenAPI 3.1 document of the routes, at `/openapi.json`, and Swagger UI on it, at `/docs`.
 * @param options.issuer under its path is everything that the document names
 * @param options.liveExamples in development, values that work, for the examples of what is served;
 *   undefined while there are none
 */
export async function describeApi(
  app: FastifyInstance,
  options: {
    version: string
    issuer: string
    docs: DocsAccess
    limits: Limits
    liveExamples?: (() => Promise<LiveExamples | undefined>) | undefined
  },
): Promise<void> {
  const { version, issuer, docs, limits, liveExamples } = options
  const basePath = new URL(issuer).pathname.replace(/\/$/, '')
  await app.register(swagger, {
    // The proxy strips the base path, so that no route's path holds it.
    stripBasePath: false,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Mintmark',
        version,
        description:
          'Issues, rotates and revokes tokens that any service can verify offline. OAuth endpoints answer errors as in RFC 6749 section 5.2, all others as in RFC 9457. A path that takes other methods is 405 with `Allow`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: basePath || '/', description: 'This service.' }],
      tags: TAGS,
      components: { securitySchemes: { oauth2: oauth2Scheme(basePath), ...securitySchemes } },
    },
    transformObject: (document) =>
      'openapiObject' in document ? finishDocument(document.openapiObject) : document.swaggerObject,
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `schema-${index}`,
    },
  })
  const ownHosts = ['localhost', '127.0.0.1', '[::1]', new URL(issuer).hostname]
  const readDocument = async ({ headers }: FastifyRequest) => {
    // A page of another site may have had its name resolved to this machine, to read what is served
    // to nobody but the developer (DNS rebinding).
    const isOwn = ownHosts.includes(hostnameOf(headers.host))
    const live = isOwn ? await liveExamples?.() : undefined
    return live === undefined ? app.swagger() : withLiveExamples(app.swagger(), live)
  }
  serveDocs(app, {
    docs,
    limits,
    isDevelopment: liveExamples !== undefined,
    basePath,
    readDocument,
  })
  app.get(
    '/openapi.json',
    { schema: { hide: true }, config: { errorShape: 'problem' } },
    async (request, reply) => sendDocument(reply, await readDocument(request)),
  )
}

/** The name in a Host header, in lower case and without the port; empty when there is none. */
function hostnameOf(host = ''): string {
  return host.toLowerCase().replace(/:\d*$/, '')
}
