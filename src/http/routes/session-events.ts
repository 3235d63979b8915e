import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { listEvents } from '../../audit/read/store.ts'
import type { Clock } from '../../base/clock.ts'
import type { Executor } from '../../db/connect.ts'
import { findCutOff } from '../../revocations/store.ts'
import { endOf } from '../../sessions/session.ts'
import { requireOwnSession, requireUser } from '../own-session.ts'
import { BEARER } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { OWN_EVENTS, OwnEvent, ownStory, toOwnEnd, toOwnEvent } from '../wire/own-event.ts'
import { SID } from '../wire/samples.ts'
import { BEARER_SECURITY } from '../wire/security.ts'

/** More than happens to a session that is not under attack; the latest say how that ended. */
const LIMIT = 100

const OwnEvents = Type.Object({ events: Type.Array(OwnEvent) }, { additionalProperties: false })

/** `GET /sessions/{id}/events`: what happened to one of the caller's own sessions. */
export function sessionEventsRoute(
  app: FastifyInstance,
  options: { db: Executor; clock: Clock },
): void {
  const { db, clock } = options
  app.get<{ Params: { id: string } }>(
    '/sessions/:id/events',
    {
      schema: {
        operationId: 'listSessionEvents',
        summary: 'What happened to one of my sessions',
        description:
          'The newest first, a hundred at most, for as long as they are kept: how it started, what of it was out of the ordinary, how it ended and by whom.',
        tags: ['sessions'],
        security: BEARER_SECURITY,
        params: Type.Object({
          id: Type.String({
            description: 'The `id` of the list, the `sid` of its tokens.',
            examples: [SID],
          }),
        }),
        response: {
          ...problems(...BEARER, 'user_required', 'session_unknown'),
          200: inJson('What happened.', OwnEvents, {
            events: {
              summary: 'A login, a lost answer, and an end by an operator',
              value: { events: ownStory },
            },
          }),
        },
      },
    },
    async (request) => {
      const { sub } = requireUser(request)
      const session = await requireOwnSession(db, request.params.id, sub)
      const { sid, clientId: id } = session
      const [events, cutOff] = await Promise.all([
        listEvents(db, { sid, types: OWN_EVENTS, limit: LIMIT }),
        findCutOff(db, { kind: 'client', id }),
      ])
      const told = events.map(toOwnEvent)
      if (events.some(({ type }) => type === 'session.ended')) return { events: told }
      // Nobody writes down that a session has grown too old, or is behind a cut-off.
      const ending = endOf(session, cutOff, clock.now())
      return { events: ending === undefined ? told : [toOwnEnd(ending), ...told] }
    },
  )
}
