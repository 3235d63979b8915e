import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { KeyRing } from '../../keys/key-ring.ts'
import { CACHE_CONTROL, cacheHeaders, isFresh } from '../cache.ts'
import { RETRY_AFTER } from '../failure.ts'
import type { Limits } from '../limits/limits.ts'
import { Problem } from '../problem.ts'
import { problems } from '../wire/errors.ts'

const Jwks = Type.Object(
  {
    keys: Type.Array(
      Type.Object(
        {
          kid: Type.String({ description: 'The thumbprint of the key (RFC 7638).' }),
          alg: Type.String(),
          use: Type.Literal('sig'),
          kty: Type.String(),
        },
        { additionalProperties: true },
      ),
    ),
  },
  { $id: 'Jwks', description: 'A JWK set (RFC 7517 section 5).' },
)

/** `GET /.well-known/jwks.json` (RFC 7517 §5), from memory: it asks no database. */
export function jwksRoute(
  app: FastifyInstance,
  options: { keyRing: KeyRing; limits: Limits },
): void {
  app.get(
    '/.well-known/jwks.json',
    {
      config: { pages: 'any' },
      schema: {
        operationId: 'getJwks',
        summary: 'The public keys',
        description:
          'What access tokens are verified with (RFC 7517). Cacheable; answers 304 to `If-None-Match`.',
        tags: ['verification'],
        security: [],
        response: {
          200: {
            description: 'The keys.',
            headers: cacheHeaders,
            content: { 'application/json': { schema: Jwks } },
          },
          304: { ...Type.Null({ description: 'You have them already.' }), headers: cacheHeaders },
          ...problems(503),
        },
      },
    },
    async (request, reply) => {
      await options.limits(request).publicRead()
      const jwks = options.keyRing.jwks()
      if (jwks === undefined) {
        throw new Problem(503, 'not_ready', 'the service is starting', RETRY_AFTER)
      }
      reply.headers({ etag: jwks.etag, 'cache-control': CACHE_CONTROL })
      if (isFresh(request.headers['if-none-match'], jwks.etag)) return reply.code(304).send()
      return reply.type('application/json').send(jwks.body)
    },
  )
}
