import type { FastifyRequest } from 'fastify'
import type { Code } from '../explanations/all.ts'
import { parseAuthorization } from '../oauth/authorization-header.ts'
import { countHeader } from './plugins/headers.ts'
import { Problem } from './problem.ts'

/**
 * The bearer token of a request (RFC 6750 §2.1). Throws the problem to answer with: 400 when two came,
 * 401 with a challenge when there is none, or when it has not the form of one.
 */
export function readBearer(request: FastifyRequest): string {
  if (countHeader(request, 'authorization') > 1) {
    throw new Problem(400, 'token_repeated', 'two Authorization headers came; send one')
  }
  const authorization = parseAuthorization(request.headers.authorization)
  const isInQuery = 'access_token' in (request.query as object)
  if (isInQuery && authorization.scheme !== 'none') {
    throw new Problem(400, 'token_repeated', 'send the token once, in the Authorization header')
  }
  if (authorization.scheme === 'bearer') return authorization.token
  if (authorization.scheme === 'malformed' && authorization.said === 'bearer') {
    throw refusedToken('token_malformed', 'send Authorization: Bearer and the access token')
  }
  // Without a token there is nothing to say about it (RFC 6750 §3.1).
  throw new Problem(401, 'token_missing', 'send Authorization: Bearer and an access token', {
    'www-authenticate': 'Bearer realm="mintmark"',
  })
}

/**
 * The 401 of a token that is not good, with its challenge (RFC 6750 §3.1).
 * @param description what is wrong with it; without quotes and backslashes
 */
export function refusedToken(code: Code, description: string): Problem {
  return new Problem(401, code, description, {
    'www-authenticate': `Bearer realm="mintmark", error="invalid_token", error_description="${description}"`,
  })
}

/**
 * The 403 of a good token that may not do this, with its challenge (RFC 6750 §3.1).
 * @param required the scope that it lacks, in the wire form
 */
export function insufficientScope(required: string): Problem {
  const detail = `this needs an access token with the scope ${required}`
  return new Problem(403, 'insufficient_scope', detail, {
    'www-authenticate': `Bearer realm="mintmark", error="insufficient_scope", error_description="${detail}", scope="${required}"`,
  })
}
