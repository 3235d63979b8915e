import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { FetchCount } from '../../keys/fetches/count.ts'
import { familyOf } from '../../keys/fetches/families.ts'
import { addressOf, addressPrefix } from '../address.ts'
import { cacheHeaders } from '../cache.ts'
import type { Limits } from '../limits/limits.ts'
import { type PublishedKeysOptions, requirePublished, sendPublished } from '../published-keys.ts'
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
  options: PublishedKeysOptions & { jwksFetches: FetchCount; limits: Limits },
): void {
  const { keyRing, jwksFetches, clock } = options
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
      const { body, etag, changesAt } = await requirePublished(keyRing)
      // Who is told the head has not got the keys, and those of a snapshot may not be all there are.
      if (request.method === 'GET' && keyRing.loaded) {
        const family = familyOf(request.headers['user-agent'])
        jwksFetches.add(family, addressPrefix(addressOf(request)), clock.now())
      }
      const part = { body, etag, mediaType: 'application/json', changesAt }
      return sendPublished(request, reply, options, part)
    },
  )
}
