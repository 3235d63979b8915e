import type { FastifyInstance } from 'fastify'
import { type AdminScope, adminScopes } from '../../oauth/admin-scopes.ts'
import { insufficientScope } from '../bearer.ts'
import { Problem } from '../problem.ts'

/** The `security` of a route of the admin API, in the document and in what {@link requireScope} asks. */
export function needs(scope: AdminScope): Record<string, string[]>[] {
  return [{ bearer: [scope] }]
}

/**
 * Lets into this scope only the tokens that a client got for itself and that have the scope which the
 * route states (RFC 6750 §3.1). To be called after the guard.
 */
export function requireScope(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ user, routeOptions }) => {
    const [required] = statedScopes(routeOptions.schema?.security)
    if (required === undefined) throw new Error(`${routeOptions.url} states no scope`)
    if (user.sid !== undefined) {
      throw new Problem(
        403,
        'client_required',
        'this needs an access token that a client got for itself by client_credentials, and no user’s',
      )
    }
    if (!scopesOf(user.scope).includes(required)) {
      throw insufficientScope(required)
    }
  })
}

function statedScopes(security: readonly Record<string, readonly string[]>[] = []): AdminScope[] {
  const stated = security.flatMap(({ bearer = [] }) => bearer)
  return adminScopes.filter((scope) => stated.includes(scope))
}

/** A scope that is no text is none (RFC 9068 §2.2.3). */
function scopesOf(scope: unknown): string[] {
  return typeof scope === 'string' ? scope.split(' ') : []
}
