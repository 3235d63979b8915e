import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { Clock } from '../../base/clock.ts'
import type { Executor } from '../../db/connect.ts'
import { ADMIN } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { needs } from './scope.ts'
import { requireSession, SessionId } from './session-id.ts'
import { AdminSession, endedSession, liveSession, toAdminSession } from './wire-session.ts'

/** `GET /sessions/{id}`: one session, alive or ended. */
export function getSessionRoute(
  app: FastifyInstance,
  options: { db: Executor; clock: Clock },
): void {
  app.get<{ Params: Static<typeof SessionId> }>(
    '/sessions/:id',
    {
      schema: {
        operationId: 'getSession',
        summary: 'One session',
        description: 'An ended one is there until its greatest age.',
        tags: ['sessions'],
        security: needs('mintmark:sessions:read'),
        params: SessionId,
        response: {
          ...problems(...ADMIN, 'session_unknown'),
          200: inJson('The session.', reference(AdminSession), {
            live: { summary: 'It lives', value: liveSession },
            ended: { summary: 'It has ended', value: endedSession },
          }),
        },
      },
    },
    async ({ params }) =>
      toAdminSession(await requireSession(options.db, params.id), options.clock.now()),
  )
}
