import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Executor } from '../../db/connect.ts'
import type { EndSessions } from '../../sessions/end.ts'
import { ADMIN, BODY } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { SUB } from '../wire/samples.ts'
import { actorOf } from './actor.ts'
import { requireKnownUser } from './known-user.ts'
import { needs } from './scope.ts'

const Ended = Type.Object({ ended: Type.Integer() }, { additionalProperties: false })

/** `POST /users/{sub}/end-sessions`: ends every session of a user, at whatever client. */
export function endUserSessionsRoute(
  app: FastifyInstance,
  options: { db: Executor; endSessions: EndSessions },
): void {
  app.post<{ Params: { sub: string } }>(
    '/users/:sub/end-sessions',
    {
      schema: {
        operationId: 'endUserSessions',
        summary: 'End all sessions of a user',
        description:
          'Those that are there now. The user may log in again: to refuse sessions that start at the same instant, set a cut-off.',
        tags: ['sessions'],
        security: needs('mintmark:sessions:write'),
        params: Type.Object({
          sub: Type.String({
            description: 'The `sub` of the user’s tokens, who need not be registered here.',
            examples: [SUB],
          }),
        }),
        response: {
          ...problems(...ADMIN, ...BODY, 'user_unknown'),
          200: inJson('How many were ended.', Ended, {
            ended: { summary: 'There were two.', value: { ended: 2 } },
          }),
        },
      },
    },
    async (request) => {
      const { sub } = request.params
      await requireKnownUser(options.db, sub)
      const ended = await options.endSessions.end({ sub }, 'ended_by_operator', actorOf(request))
      return { ended: ended.length }
    },
  )
}
