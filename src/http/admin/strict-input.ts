import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { OAuthError, quotable } from '../../oauth/error.ts'

const NOTHING = Type.Object({}, { additionalProperties: false })

/**
 * Refuses in this scope what a route does not ask for: whoever narrows a request by a parameter that
 * is ignored would get, or end, more than was meant.
 */
export function acceptNothingElse(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    route.schema = { querystring: NOTHING, ...route.schema }
  })
  app.addHook('preValidation', async (request) => {
    const { query, params, body, routeOptions } = request
    requireNames(params as Record<string, string>)
    readNumbers(query as Record<string, unknown>)
    const isWanted = routeOptions.schema?.body !== undefined
    // No body says as much as an empty one.
    if (isWanted && body === undefined) request.body = {}
    if (isWanted || body === undefined || isEmpty(body)) return
    throw new OAuthError('parameter_invalid', 'send no body: there is nothing to say in it here')
  })
}

/** A script whose variable is empty, or ends in a line break, must not act on nobody. */
function requireNames(params: Record<string, string>): void {
  for (const [name, value] of Object.entries(params)) {
    if (value !== '' && value === value.trim() && !/\p{Cc}/u.test(value)) continue
    const message = `path.${name} must not be empty, begin or end with white space, or hold control characters`
    throw new OAuthError('parameter_invalid', message)
  }
}

/** Whole numbers in plain digits become numbers, for the schema to judge. Nothing else does. */
function readNumbers(query: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) {
      const message = `parameter ${quotable(name)} must not appear more than once`
      throw new OAuthError('parameter_repeated', message)
    }
    if (name === 'limit' && /^(0|[1-9][0-9]{0,5})$/.test(String(value))) query[name] = Number(value)
  }
}

function isEmpty(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.keys(body).length === 0
}
