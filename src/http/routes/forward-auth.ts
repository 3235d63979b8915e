import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { SCOPE_TOKEN_PATTERN } from '../../oauth/scope.ts'
import type { AccessTokenClaims } from '../../tokens/access-token.ts'
import { isFor, type JudgeAccessToken, type Refusal } from '../../tokens/judge.ts'
import { insufficientScope, readBearer, refusedToken } from '../bearer.ts'
import { ANYWHERE } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { header, headerAlways, neverStored } from '../wire/header.ts'
import { SUB } from '../wire/samples.ts'
import { BEARER_SECURITY } from '../wire/security.ts'

const Query = Type.Object(
  {
    audience: Type.String({
      description: 'For whom the token must be: the `aud` of the service behind the gateway.',
      minLength: 1,
      maxLength: 500,
      examples: ['https://orders.example'],
    }),
    scope: Type.Optional(
      Type.String({
        description: 'A scope that the token must have.',
        pattern: SCOPE_TOKEN_PATTERN,
        examples: ['orders:read'],
      }),
    ),
  },
  // A misspelt `scope` must not open what it was to close.
  { additionalProperties: false },
)

/** What the header fields of a yes say of the token. */
const fields = {
  'X-Auth-Subject': headerAlways('The `sub`: the user, or the client itself.', SUB),
  'X-Auth-Client': headerAlways('The `client_id`.', 'web'),
  'X-Auth-Scope': header('The `scope`, if it has any.', 'orders:read orders:write'),
}

const REFUSED: Record<Refusal, Parameters<typeof refusedToken>> = {
  malformed: ['token_malformed', 'the access token is not a JWT of this service'],
  unknown_key: [
    'token_invalid',
    'the access token was signed by a key that this service does not publish',
  ],
  bad_signature: ['token_invalid', 'the signature of the access token is wrong'],
  bad_claims: ['token_invalid', 'the access token lacks a claim of RFC 9068 section 2.2'],
  expired: ['token_expired', 'the access token has expired; refresh it'],
}

/**
 * `GET /forward-auth`: is this bearer token good for that audience? For gateways that cannot verify a
 * JWT themselves: nginx (`auth_request`), Traefik (`forwardAuth`), Envoy (`ext_authz`), Caddy. Judged
 * offline like in any verifier, so it is there while the database is away. No limit counts here: a
 * gateway calls for everybody from one address, and a full bucket would close it for everybody.
 */
export function forwardAuthRoute(app: FastifyInstance, { judge }: { judge: JudgeAccessToken }) {
  app.get<{ Querystring: { audience: string; scope?: string } }>(
    '/forward-auth',
    {
      config: { pages: 'none' },
      schema: {
        operationId: 'forwardAuth',
        summary: 'Is this token good? For gateways',
        description:
          'For `auth_request` of nginx, `forwardAuth` of Traefik and the like: 200 with the subject in header fields, else 401 or 403 with a challenge. Judged by signature, `iss`, `aud`, `exp` and `typ` alone, without the database: it learns of a logout when the token expires.',
        tags: ['verification'],
        security: BEARER_SECURITY,
        querystring: Query,
        response: {
          ...problems(
            ...ANYWHERE,
            'parameter_invalid',
            'token_repeated',
            'token_missing',
            'token_malformed',
            'token_invalid',
            'token_expired',
            'insufficient_scope',
            'not_ready',
          ),
          // Not 204, which Envoy takes for a no.
          200: {
            ...Type.Null({
              description:
                'It is. What is not ASCII, and spaces at the ends, are percent-encoded UTF-8.',
            }),
            headers: { ...neverStored, ...fields },
          },
        },
      },
    },
    async (request, reply) => {
      const judgement = judge(readBearer(request))
      if (!judgement.good) throw refusedToken(...REFUSED[judgement.refusal])
      const { claims } = judgement
      const { audience, scope } = request.query
      request.facts.clientId = claims.client_id
      if (claims.sid !== undefined) request.facts.sid = claims.sid
      if (!isFor(claims, audience)) {
        throw refusedToken('token_invalid', 'the access token is meant for another audience')
      }
      if (scope !== undefined && !(claims.scope ?? '').split(' ').includes(scope)) {
        throw insufficientScope(scope)
      }
      return reply.headers(toFields(claims)).send()
    },
  )
}

function toFields({ sub, client_id, scope }: AccessTokenClaims): Record<string, string> {
  return {
    'x-auth-subject': toFieldValue(sub),
    'x-auth-client': toFieldValue(client_id),
    ...(scope !== undefined && { 'x-auth-scope': toFieldValue(scope) }),
  }
}

/**
 * A user of somebody else's may be called anything; a header field takes printable ASCII, and loses the
 * spaces around it (RFC 9110 §5.5): " admin" must not arrive as "admin".
 */
function toFieldValue(text: string): string {
  return text.replace(/[^\x20-\x24\x26-\x7e]+|^ +| +$/gu, encodeURIComponent)
}
