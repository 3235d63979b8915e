import swagger, { type FastifyDynamicSwaggerOptions as SwaggerOptions } from '@fastify/swagger'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Limits } from '../limits/limits.ts'
import { type DocsAccess, type SwaggerInDevelopment, sendDocument, serveDocs } from './docs.ts'
import { type LiveExamples, withLiveExamples } from './live-examples.ts'
import { finishDocument, type Tag } from './openapi-document.ts'

type SecuritySchemes = NonNullable<
  NonNullable<SwaggerOptions['openapi']>['components']
>['securitySchemes']

/** What the document of an app says beyond its routes. */
export interface ApiDescription {
  readonly title: string
  readonly description: string
  /** Where browsers find the app, without a slash at its end: a proxy may have put it under a path. */
  readonly basePath: string
  /** In the order of a first tour. */
  readonly tags: readonly Tag[]
  readonly securitySchemes: NonNullable<SecuritySchemes>
  /** What Swagger UI does in development alone. */
  readonly development: SwaggerInDevelopment
}

/**
 * The OpenAPI 3.1 document of the routes, at `/openapi.json`, and Swagger UI on it, at `/docs`.
 * @param options.issuer a page of its host may see what is served to the developer alone
 * @param options.liveExamples in development, values that work, for the examples of what is served;
 *   undefined while there are none
 */
export async function describeApi(
  app: FastifyInstance,
  options: {
    version: string
    issuer: string
    description: ApiDescription
    docs: DocsAccess
    limits: Limits
    liveExamples?: (() => Promise<LiveExamples | undefined>) | undefined
  },
): Promise<void> {
  const { version, issuer, description, docs, limits, liveExamples } = options
  const { title, basePath, tags, securitySchemes, development } = description
  await app.register(swagger, {
    // The proxy strips the base path, so that no route's path holds it.
    stripBasePath: false,
    openapi: {
      openapi: '3.1.0',
      info: {
        title,
        version,
        description: description.description,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: basePath || '/', description: 'This service.' }],
      tags: [...tags],
      components: { securitySchemes },
    },
    transformObject: (document) =>
      'openapiObject' in document
        ? finishDocument(document.openapiObject, tags)
        : document.swaggerObject,
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
    title,
    development: liveExamples && development,
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
