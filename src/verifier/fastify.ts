import type {
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  RouteOptions,
} from 'fastify'
import { type Authenticated, authenticate } from './adapters/authenticate.ts'
import { headerValues } from './adapters/node-headers.ts'
import { type AdapterOptions, type Required, settleAdapter } from './adapters/options.ts'
import { headersOf, PROBLEM_TYPE, problemOf } from './adapters/problem.ts'
import { examineRequired } from './asked.ts'
import { VerifyError } from './errors.ts'
import { completeDocument } from './fastify/complete-document.ts'
import { describeRoute } from './fastify/describe-route.ts'
import { hooksOf, type OnRequest } from './fastify/hooks.ts'
import type { VerifiedToken } from './types.ts'

/** The custom claims of your tokens: declare them in `mintmark/verifier/fastify`, and they are typed. */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be merged with.
export interface AuthClaims {}

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * A hook, for `onRequest` or `preHandler`, that lets in requests with a good access token and refuses
     * all others itself (RFC 6750, RFC 9457). Throws a TypeError when what is required is wrong.
     */
    requireAuth(required?: Required): OnRequest
  }
  interface FastifyRequest {
    /** Of a request that passed `requireAuth`; null elsewhere, and where a token is `optional` and none came. */
    auth: VerifiedToken<AuthClaims> & Pick<Authenticated, 'token'>
  }
}

/**
 * `app.register(auth, { issuer, audience })`, once an app and before its routes. It adds to the document
 * that @fastify/swagger makes: the security scheme and, at each route that is guarded, what is required
 * and the answers 401, 403 and 503.
 */
const auth: FastifyPluginAsync<AdapterOptions> = async (app, options) => {
  const { verifier, exposeDetails, close } = settleAdapter(options)
  const guards = new WeakMap<object, Required>()
  const routes: { route: RouteOptions; instance: FastifyInstance }[] = []

  app.decorateRequest('auth', null as never)
  app.decorate('requireAuth', (required: Required = {}) => {
    examineRequired(required)
    const guard = async (request: FastifyRequest, reply: FastifyReply) => {
      try {
        const authorizations = headerValues(request.raw.rawHeaders, 'authorization')
        const found = await authenticate(verifier, { authorizations, url: request.url }, required)
        if (found !== undefined) request.auth = found as FastifyRequest['auth']
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error
        return refuse(reply, error, exposeDetails)
      }
    }
    guards.set(guard, required)
    return guard
  })
  app.addHook('onRoute', function (route) {
    routes.push({ route, instance: this })
  })
  // Not before: hooks of a scope may be added after its routes.
  app.addHook('onReady', async () => {
    for (const { route, instance } of routes) {
      const required = hooksOf(route, instance).flatMap((hook) => guards.get(hook) ?? [])
      if (required.length > 0) route.schema = describeRoute(route.schema, required)
    }
    completeDocument(app)
  })
  app.addHook('onClose', async () => close())
}

// What the package fastify-plugin does: the decorations are for the app, not for this plugin alone.
Object.assign(auth, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'mintmark/verifier/fastify',
  [Symbol.for('plugin-meta')]: { name: 'mintmark/verifier/fastify', fastify: '5.x' },
})

export default auth

/** Sent here and not thrown, so that it is what the document says whatever the app does with errors. */
function refuse(reply: FastifyReply, error: VerifyError, exposeDetails: boolean): FastifyReply {
  const body = JSON.stringify(problemOf(error, exposeDetails))
  return reply.code(error.status).headers(headersOf(error)).type(PROBLEM_TYPE).send(body)
}
