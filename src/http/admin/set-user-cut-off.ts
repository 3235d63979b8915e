import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Clock } from '../../base/clock.ts'
import type { CutOffs } from '../../sessions/cut-off.ts'
import { ADMIN, BODY } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { EXAMPLES, inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { SUB } from '../wire/samples.ts'
import { actorOf } from './actor.ts'
import { readPastInstant } from './instant.ts'
import { needs } from './scope.ts'
import {
  CutOffRequestBody,
  cutOffRequests,
  MadeAdminCutOff,
  toMadeAdminCutOff,
  userCutOff,
} from './wire-cut-off.ts'

/** `PUT /cut-offs/users/{sub}`: ends what a user has started before an instant, for good. */
export function setUserCutOffRoute(
  app: FastifyInstance,
  options: { clock: Clock; cutOffs: CutOffs },
): void {
  const { clock, cutOffs } = options
  app.put<{ Params: { sub: string }; Body: Static<typeof CutOffRequestBody> }>(
    '/cut-offs/users/:sub',
    {
      schema: {
        operationId: 'setUserCutOff',
        summary: 'End a user’s sessions up to an instant',
        description:
          'Every session of the user that started before it ends, and none of them comes back, not even out of a backup. The newest cut-off stands: an earlier one changes nothing.',
        tags: ['cut-offs'],
        security: needs('mintmark:cut-offs:write'),
        params: Type.Object({
          sub: Type.String({
            maxLength: 255,
            description: 'The `sub` of the user’s tokens, who need not be registered here.',
            examples: [SUB],
          }),
        }),
        body: { ...CutOffRequestBody, [EXAMPLES]: cutOffRequests },
        response: {
          ...problems(...ADMIN, ...BODY),
          200: inJson('The cut-off that stands.', reference(MadeAdminCutOff), {
            made: {
              summary: 'Two sessions were ended.',
              value: { ...userCutOff, ended: 2, more: false },
            },
          }),
        },
      },
    },
    async (request) => {
      const { sub: id } = request.params
      const notBefore = readPastInstant('body.not_before', request.body.not_before, clock.now())
      const made = await cutOffs.set({ kind: 'user', id }, notBefore, actorOf(request))
      if (made === undefined) throw new Error(`user ${id} was not cut off`)
      return toMadeAdminCutOff(made)
    },
  )
}
