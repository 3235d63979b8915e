import type { FastifySchema } from 'fastify'
import type { Required } from '../adapters/options.ts'
import { PROBLEM_TYPE } from '../adapters/problem.ts'
import { CODES, type VerifyCode } from '../errors.ts'
import { askedScopes } from '../scope.ts'

/** As @fastify/swagger has it; Fastify itself knows of no security. */
type Described = Omit<FastifySchema, 'response'> & {
  readonly security?: readonly Record<string, readonly string[]>[]
  readonly response?: Readonly<Record<string, unknown>>
}

/**
 * Where a route's security stands until the document is made: @fastify/swagger takes no `security` that
 * names a scheme which the app has not told it of.
 */
export const MARK = 'x-bearer-token'

/**
 * The schema of a route with what its guards do. What the route itself says stays as it is. It is for the
 * document alone: Fastify has compiled the schema already.
 */
export function describeRoute(
  given: FastifySchema | undefined,
  guards: readonly Required[],
): FastifySchema {
  const schema = (given ?? {}) as Described
  const isOptional = guards.every(({ optional }) => optional === true)
  const scopes = [...new Set(guards.flatMap(({ scope }) => askedScopes(scope)))]
  return {
    ...schema,
    ...(schema.security === undefined && { [MARK]: isOptional ? 'optional' : 'required' }),
    response: {
      ...(schema.response ?? { 200: { description: 'Default Response', type: 'null' } }),
      ...missing(schema.response, '401', () => refusal(401, UNAUTHORIZED, CHALLENGE)),
      ...(scopes.length > 0 &&
        missing(schema.response, '403', () => refusal(403, wants(scopes), CHALLENGE))),
      ...missing(schema.response, '503', () => refusal(503, UNAVAILABLE, RETRY_AFTER)),
    },
  }
}

/** The answer, where a route does not describe it itself. */
function missing(response: Described['response'], status: string, describe: () => object) {
  return response?.[status] === undefined ? { [status]: describe() } : {}
}

function refusal(status: 401 | 403 | 503, description: string, headers: object) {
  const codes = Object.entries(CODES).filter(([, facts]) => facts.status === status)
  const code = codes.map(([name]) => name as VerifyCode)
  return { description, headers, content: { [PROBLEM_TYPE]: { schema: problem(status, code) } } }
}

function problem(status: number, codes: readonly VerifyCode[]) {
  const text = { type: 'string' }
  return {
    type: 'object',
    required: ['type', 'title', 'status', 'detail', 'code'],
    properties: {
      type: text,
      title: text,
      status: { type: 'integer', enum: [status] },
      detail: { type: 'string', description: 'What was wrong.' },
      code: { type: 'string', enum: codes, description: 'Stable, for programs.' },
      expected: text,
      actual: text,
      hint: text,
    },
  }
}

const UNAUTHORIZED = 'There is no access token, or it is not good (RFC 6750 section 3).'
const UNAVAILABLE = 'Nothing can be said of the access token for now. Keep it and try again.'
const wants = (scopes: readonly string[]) => `The access token lacks a scope: ${scopes.join(' ')}.`

const CHALLENGE = {
  'WWW-Authenticate': { type: 'string', description: 'The challenge (RFC 6750 section 3).' },
}
const RETRY_AFTER = {
  'Retry-After': { type: 'integer', description: 'Seconds to wait before the next try.' },
}
