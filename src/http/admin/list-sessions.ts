import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Clock } from '../../base/clock.ts'
import type { Executor } from '../../db/connect.ts'
import { listSessions } from '../../sessions/read/store.ts'
import { ADMIN } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import type { Cursors } from './cursors.ts'
import { CURSOR, pageOf, pageParameters, readPage } from './pages.ts'
import { needs } from './scope.ts'
import { AdminSession, endedSession, liveSession, toAdminSession } from './wire-session.ts'

const Query = Type.Object(
  {
    sub: Type.Optional(Type.String({ minLength: 1, description: 'Those of this user.' })),
    client_id: Type.Optional(Type.String({ minLength: 1, description: 'Those at this client.' })),
    state: Type.Optional(
      Type.Unsafe<'live' | 'ended' | 'all'>({
        type: 'string',
        enum: ['live', 'ended', 'all'],
        default: 'all',
        description: 'Those whose tokens are good, the others, or both.',
      }),
    ),
    ...pageParameters,
  },
  { additionalProperties: false },
)

/** `GET /sessions`: everybody's sessions, as far as their rows are kept. */
export function listSessionsRoute(
  app: FastifyInstance,
  options: { db: Executor; clock: Clock; cursors: Cursors },
): void {
  const { db, clock, cursors } = options
  app.get<{ Querystring: Static<typeof Query> }>(
    '/sessions',
    {
      schema: {
        operationId: 'listSessions',
        summary: 'Sessions',
        description: 'The newest first. An ended one stays until its greatest age.',
        tags: ['sessions'],
        security: needs('mintmark:sessions:read'),
        querystring: Query,
        response: {
          ...problems(...ADMIN, 'cursor_invalid'),
          200: inJson('A page of them.', pageOf('sessions', reference(AdminSession)), {
            sessions: {
              summary: 'Two sessions of a user, and there are more',
              value: { sessions: [liveSession, endedSession], next_cursor: CURSOR },
            },
          }),
        },
      },
    },
    async ({ query }) => {
      const now = clock.now()
      const { sub, client_id: clientId, state = 'all' } = query
      const { items, nextCursor } = await readPage(
        cursors,
        'sessions',
        query,
        ({ after: before, limit }) =>
          listSessions(db, { sub, clientId, state, before, limit }, now),
        ({ session }) => session.sid,
      )
      return {
        sessions: items.map((found) => toAdminSession(found, now)),
        ...(nextCursor !== undefined && { next_cursor: nextCursor }),
      }
    },
  )
}
