import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { RevocationFeed } from '../../revocations/feed/feed.ts'
import { addressOf, addressPrefix } from '../address.ts'
import { RETRY_AFTER } from '../failure.ts'
import type { Limits } from '../limits/limits.ts'
import { Problem } from '../problem.ts'
import { createRevocationStreams } from '../revocation-streams.ts'
import { ANYWHERE } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { headerAlways } from '../wire/header.ts'
import { limitHeaders } from '../wire/limit-headers.ts'
import { numberIn, SinceQuery, streamExample } from '../wire/revocations.ts'

const EVENTS = 'text/event-stream'

const headers = {
  'Cache-Control': headerAlways('No cache keeps it.', 'no-store'),
  ...limitHeaders('public'),
}

/** `GET /.well-known/revocations/stream`: the same list, followed (WHATWG HTML §9.2). */
export function revocationStreamRoute(
  app: FastifyInstance,
  options: { revocationFeed: RevocationFeed; limits: Limits },
): void {
  const { revocationFeed, limits } = options
  const streams = createRevocationStreams(revocationFeed)
  // Whatever is open would be waited for.
  app.addHook('preClose', () => streams.close())
  app.get<{ Querystring: { since?: string }; Headers: { 'last-event-id'?: string } }>(
    '/.well-known/revocations/stream',
    {
      config: { pages: 'any' },
      // It would be told the head, and never the end.
      exposeHeadRoute: false,
      schema: {
        operationId: 'followRevocations',
        summary: 'What ends, as it happens',
        description:
          'Server-sent events of the name `revocations`: first what comes after `Last-Event-ID`, else after `since`, else all; then what is new at once; and every ten seconds that there is nothing new. `data` is what `GET /.well-known/revocations` answers, `id` its `seq`. Whoever does not read for half a minute is cut off.',
        tags: ['verification'],
        security: [],
        querystring: SinceQuery,
        headers: Type.Object({
          'last-event-id': Type.Optional(
            Type.String({
              description: 'The `id` of the last event that was read; sent by every EventSource.',
              examples: ['1795348799100'],
            }),
          ),
        }),
        response: {
          ...problems(
            ...ANYWHERE,
            'parameter_invalid',
            'not_ready',
            'too_many_streams',
            'too_many_requests',
          ),
          200: {
            description: 'Events, without an end.',
            headers,
            content: {
              [EVENTS]: {
                schema: Type.String({ description: 'Server-sent events.' }),
                examples: streamExample,
              },
            },
          },
        },
      },
    },
    async (request, reply) => {
      await limits(request).publicRead()
      const since = numberIn(request.headers['last-event-id']) ?? Number(request.query.since ?? 0)
      if ((await revocationFeed.answer(since)) === undefined) {
        throw new Problem(503, 'not_ready', 'the service is not ready yet; try again', RETRY_AFTER)
      }
      const caller = addressPrefix(addressOf(request))
      const stream = streams.open(since, caller, reply.raw)
      if (stream === undefined) {
        const detail =
          'as many follow what is revoked here, or from your address, as may; try again, or fetch /.well-known/revocations'
        throw new Problem(503, 'too_many_streams', detail, RETRY_AFTER)
      }
      // A proxy that buffers would keep back what is to be known at once.
      reply.headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      return reply.type(EVENTS).send(stream)
    },
  )
}
