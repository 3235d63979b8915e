import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { OAuthError } from '../../oauth/error.ts'
import { Problem } from '../problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** In which shape the route's errors are answered. */
    errorShape?: 'oauth' | 'problem'
  }
}

/**
 * Answers what no route matches: 405 with `Allow` where the path exists with other methods (RFC 9110
 * §15.5.6), else 404. Call it before the routes are registered.
 */
export function answerUnmatched(app: FastifyInstance): void {
  const routes: { path: RegExp; route: RouteOptions }[] = []
  app.addHook('onRoute', (route) => {
    if (route.schema?.hide === true) return
    const pattern = route.url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+')
    routes.push({ path: new RegExp(`^${pattern}$`), route })
  })
  app.setNotFoundHandler((request: FastifyRequest, _reply: FastifyReply) => {
    const path = request.url.split('?')[0] as string
    const matching = routes.filter((one) => one.path.test(path)).map(({ route }) => route)
    if (matching.length === 0) {
      throw new Problem(404, 'not_found', 'there is nothing at this path; see /docs')
    }
    const allow = [...new Set(matching.flatMap(({ method }) => method))].join(', ')
    const message = `this path takes ${allow}`
    throw matching.every(({ config }) => config?.errorShape === 'oauth')
      ? new OAuthError('method_not_allowed', message, { allow })
      : new Problem(405, 'method_not_allowed', message, { allow })
  })
}

/** A route that does not say who may call it cannot exist. */
export function requireStatedSecurity(app: FastifyInstance): void {
  app.addHook('onRoute', ({ method, url, schema }) => {
    if (schema?.hide !== true && schema?.security === undefined) {
      throw new Error(`${method} ${url} must state its security in its schema`)
    }
  })
}
