import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { foreseeKeys } from '../../../keys/operations/foresee.ts'
import { isAlgorithm } from '../../../keys/signing-key.ts'
import { ADMIN } from '../../wire/error-examples.ts'
import { problems } from '../../wire/errors.ts'
import { inJson } from '../../wire/media.ts'
import { reference } from '../../wire/reference.ts'
import { needs } from '../scope.ts'
import type { KeyRouteOptions } from './operations.ts'
import { arithmeticExample, toWireArithmetic, WireArithmetic } from './wire-arithmetic.ts'
import { Alg, NEXT_KID } from './wire-key.ts'

const exact = { additionalProperties: false }
const Query = Type.Object({ alg: Type.Optional(Alg) }, exact)

const Plan = Type.Object(
  {
    steps: Type.Array(
      Type.Object(
        {
          do: Type.String({
            enum: ['publish', 'sign', 'stop', 'withdraw'],
            description: 'What becomes of the key.',
          }),
          alg: Alg,
          kid: Type.Optional(
            Type.String({ description: 'Absent of a key that is yet to be made.' }),
          ),
          key: Type.String({
            description: 'The kid, or what a key that is yet to be made is called.',
          }),
          why: reference(WireArithmetic),
        },
        exact,
      ),
      { description: 'By algorithm, then by time.' },
    ),
  },
  exact,
)

/** `GET /keys/plan`: what will be done in the next turn of each algorithm, when and why then. */
export function planKeysRoute(app: FastifyInstance, { keyOperations }: KeyRouteOptions): void {
  app.get<{ Querystring: Static<typeof Query> }>(
    '/keys/plan',
    {
      schema: {
        operationId: 'planKeys',
        summary: 'What is to come of the signing keys',
        description:
          'One whole turn of each algorithm, if nobody changes anything, with the arithmetic of each instant.',
        tags: ['keys'],
        security: needs('mintmark:keys:read'),
        querystring: Query,
        response: {
          ...problems(...ADMIN),
          200: inJson('The plan.', Plan, {
            plan: {
              summary: 'The next key signs in a month',
              value: {
                steps: [
                  {
                    do: 'sign',
                    alg: 'ES256',
                    kid: NEXT_KID,
                    key: NEXT_KID,
                    why: arithmeticExample,
                  },
                ],
              },
            },
          }),
        },
      },
    },
    async ({ query: { alg } }) => {
      const only = alg !== undefined && isAlgorithm(alg) ? [alg] : undefined
      const { steps } = foreseeKeys(await keyOperations.readSchedule(), only)
      return {
        steps: steps.map(({ do: what, algorithm, kid, isMade, why }) => ({
          do: what,
          alg: algorithm,
          ...(isMade && { kid }),
          key: kid,
          why: toWireArithmetic(why),
        })),
      }
    },
  )
}
