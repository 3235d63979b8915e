import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Clock } from '../../base/clock.ts'
import type { Executor } from '../../db/connect.ts'
import type { CutOffSubject } from '../../revocations/cut-off.ts'
import type { CutOffs } from '../../sessions/cut-off.ts'
import { Problem } from '../problem.ts'
import { ADMIN, BODY } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { EXAMPLES, inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { SUB } from '../wire/samples.ts'
import { actorOf } from './actor.ts'
import { readPastInstant } from './instant.ts'
import { requireKnownUser } from './known-user.ts'
import { needs } from './scope.ts'
import {
  CutOffRequestBody,
  clientCutOff,
  cutOffRequests,
  MadeAdminCutOff,
  toMadeAdminCutOff,
  userCutOff,
} from './wire-cut-off.ts'

type Body = Static<typeof CutOffRequestBody>

const NEWEST = 'The newest cut-off stands: an earlier one changes nothing.'

const common = {
  tags: ['cut-offs'],
  security: needs('mintmark:cut-offs:write'),
  body: { ...CutOffRequestBody, [EXAMPLES]: cutOffRequests },
}

const made = (summary: string, value: Static<typeof MadeAdminCutOff>) =>
  inJson('The cut-off that stands.', reference(MadeAdminCutOff), { made: { summary, value } })

/**
 * `PUT /cut-offs/users/{sub}` and `PUT /cut-offs/clients/{client_id}`: end what a user has started, or
 * what was started at a client, before an instant.
 */
export function setCutOffRoutes(
  app: FastifyInstance,
  options: { db: Executor; clock: Clock; cutOffs: CutOffs },
): void {
  const { db, clock, cutOffs } = options

  const set = async (subject: CutOffSubject, request: FastifyRequest<{ Body: Body }>) => {
    const notBefore = readPastInstant('body.not_before', request.body.not_before, clock.now())
    const result = await cutOffs.set(subject, notBefore, actorOf(request))
    // A user is known by now: it is a client that there is not.
    if (result === undefined) {
      throw new Problem(404, 'client_unknown', 'there is no client of this id')
    }
    return toMadeAdminCutOff(result)
  }

  app.put<{ Params: { sub: string }; Body: Body }>(
    '/cut-offs/users/:sub',
    {
      schema: {
        ...common,
        operationId: 'setUserCutOff',
        summary: 'End a user’s sessions up to an instant',
        description: `Every session of the user that started before it ends, and has ended when this is answered. The cut-off is kept as a record of that. ${NEWEST}`,
        params: Type.Object({
          sub: Type.String({
            maxLength: 255,
            description: 'The `sub` of the user’s tokens, who need not be registered here.',
            examples: [SUB],
          }),
        }),
        response: {
          ...problems(...ADMIN, ...BODY, 'user_unknown'),
          200: made('Two sessions were ended.', { ...userCutOff, ended: 2, more: false }),
        },
      },
    },
    async (request) => {
      const { sub } = request.params
      await requireKnownUser(db, sub)
      return set({ kind: 'user', id: sub }, request)
    },
  )

  app.put<{ Params: { client_id: string }; Body: Body }>(
    '/cut-offs/clients/:client_id',
    {
      schema: {
        ...common,
        operationId: 'setClientCutOff',
        summary: 'End a client’s sessions up to an instant',
        description: `Every session at the client that started before it ends, and so do the tokens that the client got for itself. It holds from the moment this is answered, however many sessions there are. ${NEWEST}`,
        params: Type.Object({
          client_id: Type.String({ maxLength: 255, description: 'The client.', examples: ['web'] }),
        }),
        response: {
          ...problems(...ADMIN, ...BODY, 'client_unknown'),
          200: made('There were many.', { ...clientCutOff, ended: 10_000, more: true }),
        },
      },
    },
    (request) => set({ kind: 'client', id: request.params.client_id }, request),
  )
}
