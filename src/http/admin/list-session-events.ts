import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { listEvents } from '../../audit/read/store.ts'
import { isUuid } from '../../base/encoding.ts'
import type { Executor } from '../../db/connect.ts'
import { sessionUnknown } from '../own-session.ts'
import { ADMIN } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import type { Cursors } from './cursors.ts'
import { pageOf, pageParameters, readPage } from './pages.ts'
import { needs } from './scope.ts'
import { requireSession, SessionId } from './session-id.ts'
import { AdminEvent, sessionStory, toAdminEvent } from './wire-event.ts'

const Query = Type.Object(pageParameters, { additionalProperties: false })

/** `GET /sessions/{id}/events`: what happened to one session. */
export function listSessionEventsRoute(
  app: FastifyInstance,
  options: { db: Executor; cursors: Cursors },
): void {
  const { db, cursors } = options
  app.get<{ Params: Static<typeof SessionId>; Querystring: Static<typeof Query> }>(
    '/sessions/:id/events',
    {
      schema: {
        operationId: 'listSessionEvents',
        summary: 'What happened to a session',
        description:
          'The newest first. An ordinary rotation is no event: the session itself counts them.',
        tags: ['events'],
        security: needs('mintmark:events:read'),
        params: SessionId,
        querystring: Query,
        response: {
          ...problems(...ADMIN, 'session_unknown', 'cursor_invalid'),
          200: inJson('A page of them.', pageOf('events', reference(AdminEvent)), {
            events: { summary: 'A login and a logout', value: { events: sessionStory } },
          }),
        },
      },
    },
    async ({ params, query }) => {
      if (!isUuid(params.id)) throw sessionUnknown()
      const sid = params.id.toLowerCase()
      const { items, nextCursor } = await readPage(
        cursors,
        `events of ${sid}`,
        query,
        (page) => listEvents(db, { sid, ...page }),
        ({ id }) => id,
      )
      // Events outlive the row of their session.
      if (items.length === 0) await requireSession(db, sid)
      return {
        events: items.map(toAdminEvent),
        ...(nextCursor !== undefined && { next_cursor: nextCursor }),
      }
    },
  )
}
