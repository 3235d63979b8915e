import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { RevocationFeed } from '../../revocations/feed/feed.ts'
import { isFresh } from '../cache.ts'
import { RETRY_AFTER } from '../failure.ts'
import type { Limits } from '../limits/limits.ts'
import { Problem } from '../problem.ts'
import { ANYWHERE } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { headerAlways } from '../wire/header.ts'
import { limitHeaders } from '../wire/limit-headers.ts'
import {
  REVOCATIONS_TYPE,
  RevocationsBody,
  revocationsExample,
  SinceQuery,
} from '../wire/revocations.ts'

const headers = {
  ETag: headerAlways(
    'Send it as `If-None-Match`; 304 says that nothing changed.',
    '"3q2-7_8AmQd0l1Yk5sVf9w"',
  ),
  'Cache-Control': headerAlways('It is to be asked for each time.', 'no-cache'),
  ...limitHeaders('public'),
}

/** `GET /.well-known/revocations`: what has ended before its tokens expire, from memory. */
export function revocationsRoute(
  app: FastifyInstance,
  options: { revocationFeed: RevocationFeed; limits: Limits },
): void {
  const { revocationFeed, limits } = options
  app.get<{ Querystring: { since?: string } }>(
    '/.well-known/revocations',
    {
      config: { pages: 'any' },
      schema: {
        operationId: 'getRevocations',
        summary: 'What has ended before its tokens expire',
        description:
          'For verifiers that ask nobody: sessions, tokens, users, clients and keys whose tokens are no longer to be accepted, within seconds and signed. 5000 entries at most; answers 304 to `If-None-Match`. While the database is away it is the last list, whose `as_of` says how old it is.',
        tags: ['verification'],
        security: [],
        querystring: SinceQuery,
        response: {
          ...problems(...ANYWHERE, 'parameter_invalid', 'not_ready', 'too_many_requests'),
          200: {
            description: 'What comes after `since`.',
            headers,
            content: {
              [REVOCATIONS_TYPE]: { schema: RevocationsBody, examples: revocationsExample },
            },
          },
          304: { ...Type.Null({ description: 'You have it already.' }), headers },
        },
      },
    },
    async (request, reply) => {
      await limits(request).publicRead()
      const answer = await revocationFeed.answer(Number(request.query.since ?? 0))
      if (answer === undefined) {
        throw new Problem(503, 'not_ready', 'the service is not ready yet; try again', RETRY_AFTER)
      }
      const { body, etag } = answer
      reply.headers({ etag, 'cache-control': 'no-cache' })
      if (isFresh(request.headers['if-none-match'], etag)) return reply.code(304).send()
      return reply.type(REVOCATIONS_TYPE).send(body)
    },
  )
}
