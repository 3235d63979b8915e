import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { equalInConstantTime, sha256 } from '../../base/hash.ts'
import type { Limits } from '../limits/limits.ts'
import { Problem } from '../problem.ts'

/** Whether Swagger UI is served, and to whom. */
export interface DocsAccess {
  readonly served: boolean
  /** What it asks for by Basic, with any user name; undefined lets everybody in. */
  readonly password: string | undefined
}

/** What Swagger UI does in development, where the document tells it who it may be. */
export interface SwaggerInDevelopment {
  /** Runs in the browser when the document has been loaded. */
  prefill(): void
  /** Whether the browser keeps its authorisation over reloads. */
  readonly keepsAuthorization: boolean
}

// Swagger UI comes from here and talks to nobody else.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const PREFIX = '/docs'
/** From there to its index, under whatever path a proxy has put them. */
const RELATIVE_INDEX = 'docs/'

/** Where wrong passwords are counted. No client's id: those have no slash. */
const AS_CLIENT = PREFIX

const NO_YAML = new Problem(
  404,
  'not_found',
  'the document is there as JSON alone: GET /openapi.json',
  {},
  '/openapi.json',
)

/**
 * Swagger UI at `/docs`, where it is on.
 * @param options.title of the page
 * @param options.development undefined in production
 * @param options.basePath the issuer's path, without a slash at its end: where browsers find it
 * @param options.readDocument what it shows, asked for at every load
 */
export function serveDocs(
  app: FastifyInstance,
  options: {
    docs: DocsAccess
    limits: Limits
    title: string
    development: SwaggerInDevelopment | undefined
    basePath: string
    readDocument: (request: FastifyRequest) => Promise<object>
  },
): void {
  const { docs, limits, title, development, basePath, readDocument } = options
  if (!docs.served) return
  app.register((scope, _options, done) => {
    if (docs.password !== undefined) requirePassword(scope, docs.password, limits)
    scope.addHook('preHandler', async (request, reply) => {
      const { url } = request.routeOptions
      // In development it would be another document than the one in JSON.
      if (url === `${PREFIX}/yaml`) throw NO_YAML
      if (url !== `${PREFIX}/json`) return
      return sendDocument(reply, await readDocument(request))
    })
    scope.register(swaggerUi, {
      routePrefix: PREFIX,
      indexPrefix: basePath,
      staticCSP: CONTENT_SECURITY_POLICY,
      theme: { title },
      uiConfig: {
        // The other layout has a box to load documents from elsewhere, and a style within its logo.
        layout: 'BaseLayout',
        // The browser keeps client secrets, passwords and tokens in clear: those of the demo, and none
        // of production.
        persistAuthorization: development?.keepsAuthorization ?? false,
        tryItOutEnabled: true,
        validatorUrl: null,
        ...(development && { onComplete: development.prefill }),
      },
    })
    done()
  })
}

/** Answers with the OpenAPI document, kept by no cache: in development it holds tokens. */
export function sendDocument(reply: FastifyReply, document: object): FastifyReply {
  reply.type('application/json').header('cache-control', 'no-store')
  return reply.send(JSON.stringify(document))
}

/**
 * Lets into this scope whoever knows the password (RFC 7617), whatever name they give. Who guesses is
 * stopped like who guesses the secret of a client.
 */
function requirePassword(scope: FastifyInstance, password: string, limits: Limits): void {
  const expected = sha256(password)
  scope.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    // Asked for a password at /docs, browsers would send it to every path beside it, /token included,
    // where it would be taken for a client's (RFC 7617 section 2.2).
    if (request.url.split('?')[0] === PREFIX) return reply.redirect(RELATIVE_INDEX)
    const given = readPassword(request.headers.authorization)
    if (given !== undefined) {
      const gate = limits(request).client(AS_CLIENT)
      await gate.pass()
      if (equalInConstantTime(sha256(given), expected)) return
      await gate.count()
    }
    throw new Problem(401, 'docs_password_required', 'send the DOCS_PASSWORD by Basic', {
      'www-authenticate': 'Basic realm="mintmark docs", charset="UTF-8"',
    })
  })
}

function readPassword(authorization: string | undefined): string | undefined {
  const [, credentials] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? '') ?? []
  if (credentials === undefined) return undefined
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : text.slice(colon + 1)
}
