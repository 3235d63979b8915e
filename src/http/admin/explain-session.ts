import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { ExplainSession } from '../../stories/explain-session.ts'
import { ADMIN } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { SID } from '../wire/samples.ts'
import { needs } from './scope.ts'
import {
  reusedExample,
  toWireSessionExplanation,
  unknownExample,
  WireSessionExplanation,
} from './wire-session-story.ts'

const Identifier = Type.Object({
  id: Type.String({
    description: 'Its `sid`, the `jti` of one of its access tokens, or the id of a request.',
    examples: [SID],
  }),
})

/** `GET /explanations/sessions/{id}`: what happened to a session, and why. */
export function explainSessionRoute(
  app: FastifyInstance,
  { explainSession }: { explainSession: ExplainSession },
): void {
  app.get<{ Params: Static<typeof Identifier> }>(
    '/explanations/sessions/:id',
    {
      schema: {
        operationId: 'explainSession',
        summary: 'Why did a session end?',
        description:
          'How it began and was used, what was retried, recovered or refused, how it ended and who did it: as facts, and in sentences for people. Of an id that leads nowhere it says what may have become of it.',
        tags: ['events'],
        security: needs('mintmark:events:read'),
        params: Identifier,
        response: {
          ...problems(...ADMIN),
          200: inJson('What is known.', reference(WireSessionExplanation), {
            reused: { summary: 'A used refresh token was used again', value: reusedExample },
            unknown: { summary: 'Nothing has that id', value: unknownExample },
          }),
        },
      },
    },
    async ({ params }) => toWireSessionExplanation(await explainSession(params.id)),
  )
}
