import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Clock } from '../../base/clock.ts'
import { jwksMaxAge, type KeyTiming } from '../../config/key-timing.ts'
import type { FetchCount } from '../../keys/fetches/count.ts'
import { familyOf } from '../../keys/fetches/families.ts'
import type { KeyRing } from '../../keys/key-ring.ts'
import { addressOf, addressPrefix } from '../address.ts'
import { cacheControl, cacheHeaders, isFresh, maxAgeUntil } from '../cache.ts'
import { RETRY_AFTER } from '../failure.ts'
import type { Limits } from '../limits/limits.ts'
import { Problem } from '../problem.ts'
import { ANYWHERE } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { EDDSA_EXAMPLE, ES256_EXAMPLE, Jwk } from '../wire/jwk.ts'
import { limitHeaders } from '../wire/limit-headers.ts'
import { inJson } from '../wire/media.ts'

const Jwks = Type.Object(
  { keys: Type.Array(Jwk) },
  { description: 'A JWK set (RFC 7517 section 5).', additionalProperties: false },
)

const headers = { ...cacheHeaders, ...limitHeaders('public') }

/** `GET /.well-known/jwks.json` (RFC 7517 §5), from memory, which follows the database. */
export function jwksRoute(
  app: FastifyInstance,
  options: {
    keyRing: KeyRing
    jwksFetches: FetchCount
    keyTiming: KeyTiming
    clock: Clock
    limits: Limits
  },
): void {
  const { keyRing, jwksFetches, keyTiming, clock } = options
  const usual = jwksMaxAge(keyTiming)
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
          ...problems(...ANYWHERE, 'not_ready', 'too_many_requests'),
          200: inJson(
            'The keys.',
            Jwks,
            { keys: { summary: 'Two keys.', value: { keys: [EDDSA_EXAMPLE, ES256_EXAMPLE] } } },
            headers,
          ),
          304: { ...Type.Null({ description: 'You have them already.' }), headers },
        },
      },
    },
    async (request, reply) => {
      await options.limits(request).publicRead()
      await keyRing.freshen()
      const jwks = keyRing.jwks()
      if (jwks === undefined) {
        throw new Problem(503, 'not_ready', 'the service is not ready yet; try again', RETRY_AFTER)
      }
      const maxAge = maxAgeUntil(usual, jwks.changesAt, clock.now())
      // Who is told the head has not got the keys, and those of a snapshot may not be all there are.
      if (request.method === 'GET' && keyRing.loaded) {
        const family = familyOf(request.headers['user-agent'])
        jwksFetches.add(family, addressPrefix(addressOf(request)), clock.now())
      }
      reply.headers({ etag: jwks.etag, 'cache-control': cacheControl(maxAge) })
      if (isFresh(request.headers['if-none-match'], jwks.etag)) return reply.code(304).send()
      return reply.type('application/json').send(jwks.body)
    },
  )
}
