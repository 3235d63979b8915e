import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Clock } from '../../base/clock.ts'
import type { CutOffs } from '../../sessions/cut-off.ts'
import { Problem } from '../problem.ts'
import { ADMIN, BODY } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { EXAMPLES, inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { actorOf } from './actor.ts'
import { readPastInstant } from './instant.ts'
import { needs } from './scope.ts'
import {
  CutOffRequestBody,
  clientCutOff,
  cutOffRequests,
  MadeAdminCutOff,
  toMadeAdminCutOff,
} from './wire-cut-off.ts'

/** `PUT /cut-offs/clients/{client_id}`: ends what was started at a client before an instant. */
export function setClientCutOffRoute(
  app: FastifyInstance,
  options: { clock: Clock; cutOffs: CutOffs },
): void {
  const { clock, cutOffs } = options
  app.put<{ Params: { client_id: string }; Body: Static<typeof CutOffRequestBody> }>(
    '/cut-offs/clients/:client_id',
    {
      schema: {
        operationId: 'setClientCutOff',
        summary: 'End a client’s sessions up to an instant',
        description:
          'Every session at the client that started before it ends, and so do the tokens that the client got for itself. It holds from the moment this is answered, however many sessions there are. The newest cut-off stands: an earlier one changes nothing.',
        tags: ['cut-offs'],
        security: needs('mintmark:cut-offs:write'),
        params: Type.Object({
          client_id: Type.String({ maxLength: 255, description: 'The client.', examples: ['web'] }),
        }),
        body: { ...CutOffRequestBody, [EXAMPLES]: cutOffRequests },
        response: {
          ...problems(...ADMIN, ...BODY, 'client_unknown'),
          200: inJson('The cut-off that stands.', reference(MadeAdminCutOff), {
            made: {
              summary: 'There were many.',
              value: { ...clientCutOff, ended: 10_000, more: true },
            },
          }),
        },
      },
    },
    async (request) => {
      const { client_id: id } = request.params
      const notBefore = readPastInstant('body.not_before', request.body.not_before, clock.now())
      const made = await cutOffs.set({ kind: 'client', id }, notBefore, actorOf(request))
      if (made === undefined) {
        throw new Problem(404, 'client_unknown', 'there is no client of this id')
      }
      return toMadeAdminCutOff(made)
    },
  )
}
