import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OAuthError } from '../../oauth/error.ts'
import { Problem } from '../problem.ts'
import { methodsOf, type RouteTable } from './route-table.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** In which shape the route's errors are answered. */
    errorShape?: 'oauth' | 'problem'
  }
}

/**
 * Answers what no route matches: 405 with `Allow` where the path exists with other methods (RFC 9110
 * §15.5.6), else 404.
 */
export function answerUnmatched(app: FastifyInstance, routes: RouteTable): void {
  app.setNotFoundHandler((request: FastifyRequest, _reply: FastifyReply) => {
    const matching = routes.find(request.url)
    if (matching.length === 0) {
      throw new Problem(404, 'not_found', 'there is nothing at this path; see /docs')
    }
    const allow = methodsOf(matching).join(', ')
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
