import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Clock } from '../../base/clock.ts'
import type { Executor } from '../../db/connect.ts'
import type { EndSessions } from '../../sessions/end.ts'
import { findSession, listAlive } from '../../sessions/store.ts'
import { requireOwnSession, requireUser } from '../own-session.ts'
import { originOf } from '../plugins/request-log.ts'
import { BEARER, BODY } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { SID } from '../wire/samples.ts'
import { BEARER_SECURITY } from '../wire/security.ts'
import { SessionList, sessionListExample, toWireSession } from '../wire/session.ts'

/** More are not listed; a user with so many has lost count anyway. */
const LIST_LIMIT = 200

const Ended = Type.Object({ ended: Type.Integer() }, { additionalProperties: false })

/** The caller's own sessions: `GET /sessions`, `DELETE /sessions/{id}`, `POST /sessions/end-others`. */
export function sessionRoutes(
  app: FastifyInstance,
  options: { db: Executor; clock: Clock; endSessions: EndSessions },
): void {
  const { db, clock, endSessions } = options

  app.get(
    '/sessions',
    {
      schema: {
        operationId: 'listSessions',
        summary: 'My sessions',
        description:
          'The caller’s own live sessions: first the one that asks (`current`), then the last used.',
        tags: ['sessions'],
        security: BEARER_SECURITY,
        response: {
          ...problems(...BEARER, 'user_required'),
          200: inJson('Live sessions, this one first, then the last used.', SessionList, {
            sessions: { summary: 'Two devices', value: sessionListExample },
          }),
        },
      },
    },
    async (request) => {
      const { sub, sid } = requireUser(request)
      // Whoever looks for what to end begins with what is theirs for sure.
      const [own, found] = await Promise.all([
        findSession(db, sid),
        listAlive(db, { sub, limit: LIST_LIMIT }, clock.now()),
      ])
      const others = found.filter((session) => session.sid !== sid)
      const listed = own === undefined ? others : [own, ...others]
      return { sessions: listed.map((session) => toWireSession(session, sid)) }
    },
  )

  app.delete<{ Params: { id: string } }>(
    '/sessions/:id',
    {
      schema: {
        operationId: 'endSession',
        summary: 'End one of my sessions',
        description:
          'Once this is answered no refresh of it succeeds. Ending it twice is 204 as well.',
        tags: ['sessions'],
        security: BEARER_SECURITY,
        params: Type.Object({
          id: Type.String({
            description: 'The `id` of the list, the `sid` of its tokens.',
            examples: [SID],
          }),
        }),
        response: {
          ...problems(...BEARER, ...BODY, 'url_malformed', 'user_required', 'session_unknown'),
          204: Type.Null({ description: 'The session has ended, now or before.' }),
        },
      },
    },
    async (request, reply) => {
      const { sub } = requireUser(request)
      const { id } = request.params
      await requireOwnSession(db, id, sub)
      await endSessions.end({ sid: id }, 'ended_by_user', { by: sub, origin: originOf(request) })
      return reply.code(204).send()
    },
  )

  app.post(
    '/sessions/end-others',
    {
      schema: {
        operationId: 'endOtherSessions',
        summary: 'End all my other sessions',
        description: 'Ends every session of the caller but the one that asks.',
        tags: ['sessions'],
        security: BEARER_SECURITY,
        response: {
          ...problems(...BEARER, ...BODY, 'user_required'),
          200: inJson('How many were ended.', Ended, {
            ended: { summary: 'There were two others.', value: { ended: 2 } },
          }),
        },
      },
    },
    async (request) => {
      const { sub, sid } = requireUser(request)
      const actor = { by: sub, origin: originOf(request) }
      const ended = await endSessions.end({ sub, exceptSid: sid }, 'ended_by_user', actor)
      return { ended: ended.length }
    },
  )
}
