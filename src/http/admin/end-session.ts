import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Executor } from '../../db/connect.ts'
import type { EndSessions } from '../../sessions/end.ts'
import { ADMIN, BODY } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { actorOf } from './actor.ts'
import { needs } from './scope.ts'
import { requireSession, SessionId } from './session-id.ts'

/** `DELETE /sessions/{id}`: ends a session, whoever's it is. */
export function endSessionRoute(
  app: FastifyInstance,
  options: { db: Executor; endSessions: EndSessions },
): void {
  app.delete<{ Params: Static<typeof SessionId> }>(
    '/sessions/:id',
    {
      schema: {
        operationId: 'endSession',
        summary: 'End a session',
        description:
          'Once this is answered no refresh of it succeeds. Ending it twice is 204 as well, and its first end stands.',
        tags: ['sessions'],
        security: needs('mintmark:sessions:write'),
        params: SessionId,
        response: {
          ...problems(...ADMIN, ...BODY, 'session_unknown'),
          204: Type.Null({ description: 'The session has ended, now or before.' }),
        },
      },
    },
    async (request, reply) => {
      const { session } = await requireSession(options.db, request.params.id)
      const { sid } = session
      await options.endSessions.end({ sid }, 'ended_by_operator', actorOf(request))
      return reply.code(204).send()
    },
  )
}
