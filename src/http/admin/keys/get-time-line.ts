import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { keyStates } from '../../../keys/signing-key.ts'
import { createTimeLine } from '../../../keys/time-line/time-line.ts'
import { toTimeLineJson } from '../../../keys/time-line/words.ts'
import { ADMIN } from '../../wire/error-examples.ts'
import { problems } from '../../wire/errors.ts'
import { inJson } from '../../wire/media.ts'
import { needs } from '../scope.ts'
import type { KeyRouteOptions } from './operations.ts'
import { Alg, NEXT_KID } from './wire-key.ts'

const exact = { additionalProperties: false }
const at = (description?: string) =>
  Type.String({ format: 'date-time', ...(description !== undefined && { description }) })

const Segment = Type.Object(
  {
    phase: Type.String({
      enum: ['next', 'active', 'retiring'],
      description: 'Published ahead; signs; published for what it signed.',
    }),
    from: at(),
    until: at(),
    when: Type.String({ enum: ['past', 'present', 'planned'] }),
  },
  exact,
)

const TimeLine = Type.Object(
  {
    now: at(),
    from: at('Where a picture of it begins.'),
    until: at('Where it ends.'),
    keys: Type.Array(
      Type.Object(
        {
          kid: Type.Optional(
            Type.String({ description: 'Absent of a key that is yet to be made.' }),
          ),
          alg: Alg,
          state: Type.String({ enum: [...keyStates, 'planned'] }),
          segments: Type.Array(Segment),
          revoked_at: Type.Optional(at()),
        },
        exact,
      ),
    ),
    earlier_keys: Type.Integer({ description: 'How many older keys are left out.' }),
  },
  exact,
)

const example = {
  now: '2026-11-21T12:00:00.000Z',
  from: '2026-11-08T00:00:00.000Z',
  until: '2027-01-15T00:00:00.000Z',
  keys: [
    {
      kid: NEXT_KID,
      alg: 'ES256',
      state: 'next',
      segments: [
        {
          phase: 'next',
          from: '2026-11-11T12:00:00.000Z',
          until: '2026-12-11T12:00:00.000Z',
          when: 'present',
        },
        {
          phase: 'active',
          from: '2026-12-11T12:00:00.000Z',
          until: '2027-01-10T12:00:00.000Z',
          when: 'planned',
        },
      ],
    },
  ],
  earlier_keys: 0,
}

/** `GET /keys/time-line`: what the picture shows, for programs. */
export function getTimeLineRoute(app: FastifyInstance, { keyOperations }: KeyRouteOptions): void {
  app.get(
    '/keys/time-line',
    {
      schema: {
        operationId: 'getKeyTimeLine',
        summary: 'The time line of the signing keys',
        description:
          'By algorithm: what was, what is, and what two more turns of each algorithm bring, if nobody changes anything.',
        tags: ['keys'],
        security: needs('mintmark:keys:read'),
        response: {
          ...problems(...ADMIN),
          200: inJson('The time line.', TimeLine, {
            line: { summary: 'A key that is published ahead', value: example },
          }),
        },
      },
    },
    async () => toTimeLineJson(createTimeLine(await keyOperations.readSchedule())),
  )
}
