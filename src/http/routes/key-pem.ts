import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { entityTag } from '../../base/hash.ts'
import { cacheHeaders } from '../cache.ts'
import type { Limits } from '../limits/limits.ts'
import { Problem } from '../problem.ts'
import { type PublishedKeysOptions, requirePublished, sendPublished } from '../published-keys.ts'
import { ANYWHERE } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { limitHeaders } from '../wire/limit-headers.ts'

/** None is registered for a public key alone; this one is what tools and mail programs know. */
const MEDIA_TYPE = 'application/x-pem-file'

/** The key of RFC 7515 appendix A.3, as in the example of the JWK set. */
const EXAMPLE = {
  kid: 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U',
  pem: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7
6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
-----END PUBLIC KEY-----
`,
}

const headers = { ...cacheHeaders, ...limitHeaders('public') }

/**
 * `GET /.well-known/keys/{kid}.pem`: one published key as SubjectPublicKeyInfo (RFC 7468 §13), for
 * gateways that read no JWK set. From memory: a `kid` is compared with those that are published and
 * names nothing else, no file and no row.
 */
export function keyPemRoute(
  app: FastifyInstance,
  options: PublishedKeysOptions & { limits: Limits },
): void {
  const { keyRing, limits } = options
  app.get<{ Params: { kid: string } }>(
    '/.well-known/keys/:kid.pem',
    {
      config: { pages: 'any' },
      schema: {
        operationId: 'getKeyPem',
        summary: 'One public key in PEM',
        description:
          'For gateways that read no JWK set: the key of that `kid`, as long as the JWK set has it. Cacheable; answers 304 to `If-None-Match`.',
        tags: ['verification'],
        security: [],
        params: Type.Object({
          kid: Type.String({
            description: 'The `kid` of a key of the JWK set.',
            examples: [EXAMPLE.kid],
          }),
        }),
        response: {
          ...problems(...ANYWHERE, 'key_unknown', 'not_ready', 'too_many_requests'),
          200: {
            description: 'The key, as SubjectPublicKeyInfo (RFC 7468 section 13).',
            headers,
            content: {
              [MEDIA_TYPE]: {
                schema: Type.String(),
                examples: { key: { summary: 'An ES256 key.', value: EXAMPLE.pem } },
              },
            },
          },
          304: { ...Type.Null({ description: 'You have it already.' }), headers },
        },
      },
    },
    async (request, reply) => {
      await limits(request).publicRead()
      const { changesAt } = await requirePublished(keyRing)
      const key = keyRing.find(request.params.kid)
      if (key === undefined) {
        const detail =
          'no key of this kid is published: it has retired, was revoked, or never was; the JWK set has those that are'
        throw new Problem(404, 'key_unknown', detail, {}, '/.well-known/jwks.json')
      }
      const etag = entityTag(key.pem)
      const part = { body: key.pem, etag, mediaType: MEDIA_TYPE, changesAt }
      return sendPublished(request, reply, options, part)
    },
  )
}
