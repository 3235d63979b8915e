import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { DURATION_PATTERN, parseDuration } from '../../base/duration.ts'
import { OAuthError } from '../../oauth/error.ts'
import type { ExplainUser } from '../../stories/explain-user.ts'
import { ADMIN } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { SUB } from '../wire/samples.ts'
import { needs } from './scope.ts'
import { toWireUserExplanation, userExample, WireUserExplanation } from './wire-user-story.ts'

const Whose = Type.Object({
  sub: Type.String({ description: 'Whose story it is.', examples: [SUB] }),
})

const Query = Type.Object(
  {
    last: Type.Optional(
      Type.String({
        pattern: DURATION_PATTERN,
        default: '24h',
        description: 'How long to look back, such as `30m`, `24h` or `7d`.',
      }),
    ),
  },
  { additionalProperties: false },
)

const MOST_SECONDS = 3650 * 86_400

/** `GET /explanations/users/{sub}`: what happened to a user. */
export function explainUserRoute(
  app: FastifyInstance,
  { explainUser }: { explainUser: ExplainUser },
): void {
  app.get<{ Params: Static<typeof Whose>; Querystring: Static<typeof Query> }>(
    '/explanations/users/:sub',
    {
      schema: {
        operationId: 'explainUser',
        summary: 'What happened to a user?',
        description:
          'The sessions that were alive in that time and how they ended, failed logins, lost answers, reuse: as facts, and in sentences for people.',
        tags: ['events'],
        security: needs('mintmark:events:read'),
        params: Whose,
        querystring: Query,
        response: {
          ...problems(...ADMIN),
          200: inJson('What is known.', reference(WireUserExplanation), {
            logged_out: { summary: 'One of two devices was logged out', value: userExample },
          }),
        },
      },
    },
    async ({ params, query }) => {
      const seconds = parseDuration(query.last ?? '24h') ?? 0
      if (seconds < 1 || seconds > MOST_SECONDS) {
        throw new OAuthError('parameter_invalid', 'query.last must be from 1s to 3650d')
      }
      return toWireUserExplanation(await explainUser(params.sub, seconds))
    },
  )
}
