import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { eventTypes } from '../../audit/event.ts'
import { listEvents } from '../../audit/read/store.ts'
import type { Executor } from '../../db/connect.ts'
import { ADMIN } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import type { Cursors } from './cursors.ts'
import { readInstant } from './instant.ts'
import { CURSOR, pageOf, pageParameters, readPage } from './pages.ts'
import { needs } from './scope.ts'
import { AdminEvent, sessionStory, toAdminEvent } from './wire-event.ts'

const text = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))

const Instant = (description: string) =>
  Type.Optional(Type.String({ format: 'date-time', description }))

const Query = Type.Object(
  {
    sub: text('Those about this user.'),
    client_id: text('Those about this client.'),
    sid: Type.Optional(Type.String({ format: 'uuid', description: 'Those about this session.' })),
    type: Type.Optional(
      Type.String({
        enum: eventTypes,
        description: 'Those of this type.',
      }),
    ),
    request_id: text('Those of this request.'),
    since: Instant('Those at this instant or later (RFC 3339).'),
    until: Instant('Those before this instant (RFC 3339).'),
    ...pageParameters,
  },
  { additionalProperties: false },
)

/** `GET /events`: what happened, as far back as events are kept. */
export function listEventsRoute(
  app: FastifyInstance,
  options: { db: Executor; cursors: Cursors },
): void {
  const { db, cursors } = options
  app.get<{ Querystring: Static<typeof Query> }>(
    '/events',
    {
      schema: {
        operationId: 'listEvents',
        summary: 'What happened',
        description: 'The newest first; each event fits all parameters that are given.',
        tags: ['events'],
        security: needs('mintmark:events:read'),
        querystring: Query,
        response: {
          ...problems(...ADMIN, 'cursor_invalid'),
          200: inJson('A page of them.', pageOf('events', reference(AdminEvent)), {
            events: {
              summary: 'The last two, and there are more',
              value: { events: sessionStory, next_cursor: CURSOR },
            },
          }),
        },
      },
    },
    async ({ query }) => {
      const { sub, sid, type } = query
      const filter = {
        sub,
        sid,
        clientId: query.client_id,
        types: type === undefined ? undefined : [type],
        requestId: query.request_id,
        since: readInstant('query.since', query.since),
        until: readInstant('query.until', query.until),
      }
      const { items, nextCursor } = await readPage(
        cursors,
        'events',
        query,
        ({ after: before, limit }) => listEvents(db, { ...filter, before, limit }),
        ({ id }) => id,
      )
      return {
        events: items.map(toAdminEvent),
        ...(nextCursor !== undefined && { next_cursor: nextCursor }),
      }
    },
  )
}
