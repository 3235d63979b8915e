import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Verifier } from '../../../keys/fetches/count.ts'
import { listVerifiers } from '../../../keys/fetches/store.ts'
import { knownTo } from '../../../keys/operations/known-to.ts'
import type { HastenedRotation } from '../../../keys/operations/rotate-now.ts'
import { type KeySchedule, turningAlgorithms } from '../../../keys/operations/schedule.ts'
import { isAlgorithm } from '../../../keys/signing-key.ts'
import { ADMIN, BODY } from '../../wire/error-examples.ts'
import { problems } from '../../wire/errors.ts'
import { EXAMPLES, inJson } from '../../wire/media.ts'
import { reference } from '../../wire/reference.ts'
import { actorOf } from '../actor.ts'
import { needs } from '../scope.ts'
import type { KeyRouteOptions } from './operations.ts'
import { arithmeticExample, toWireArithmetic, WireArithmetic } from './wire-arithmetic.ts'
import { Alg, instant, NEXT_KID } from './wire-key.ts'
import { FamiliesKnow } from './wire-verifier.ts'

const exact = { additionalProperties: false }
const Body = Type.Object({ alg: Type.Optional(Alg) }, exact)
const requests = {
  all: { summary: 'Each algorithm in use', value: {} },
  one: { summary: 'One of them', value: { alg: 'ES256' } },
}

const at = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))

const Rotations = Type.Object(
  {
    rotations: Type.Array(
      Type.Object(
        {
          alg: Alg,
          outcome: Type.String({
            enum: ['hastened', 'unchanged', 'no_next_key'],
            description:
              '`unchanged`: it is due as early already. `no_next_key`: the service makes one within seconds.',
          }),
          kid: Type.Optional(Type.String({ description: 'The key that signs then.' })),
          before: at('When it was to sign before.'),
          signs_from: at('When it signs now.'),
          earliest: Type.Optional(reference(WireArithmetic)),
          verifiers: FamiliesKnow,
        },
        exact,
      ),
    ),
  },
  exact,
)

/** `POST /keys/rotate`: the next key signs as soon as no verifier can be surprised by it. */
export function rotateKeysRoute(
  app: FastifyInstance,
  { db, keyOperations }: KeyRouteOptions,
): void {
  const { readSchedule, rotateNow } = keyOperations
  app.post<{ Body: Static<typeof Body> }>(
    '/keys/rotate',
    {
      schema: {
        operationId: 'rotateKeys',
        summary: 'Rotate as soon as it is safe',
        description:
          'The next key signs as early as every verifier knows it and every replica its turn, and no earlier: no token that is good is refused. Asked twice, it changes nothing. A key that leaked is revoked instead.',
        tags: ['keys'],
        security: needs('mintmark:keys:write'),
        body: { ...Body, [EXAMPLES]: requests },
        response: {
          ...problems(...ADMIN, ...BODY),
          200: inJson('When each of them signs.', Rotations, {
            hastened: {
              summary: 'It signs in ten seconds: every verifier has known it for long',
              value: {
                rotations: [
                  {
                    alg: 'ES256',
                    outcome: 'hastened',
                    kid: NEXT_KID,
                    before: arithmeticExample.at,
                    signs_from: '2026-11-21T12:00:10.000Z',
                    earliest: {
                      at: '2026-11-21T12:00:10.000Z',
                      from: '2026-11-21T12:00:00.000Z',
                      since: 'it is written down',
                      terms: [{ name: 'a replica may be behind', seconds: 10 }],
                    },
                    verifiers: [{ family: 'jose', have: 12, lack: 0 }],
                  },
                ],
              },
            },
          }),
        },
      },
    },
    async (request) => {
      const { alg } = request.body
      const schedule = await readSchedule()
      const verifiers = await listVerifiers(db)
      const wanted = alg !== undefined && isAlgorithm(alg) ? [alg] : turningAlgorithms(schedule)
      const rotations = []
      for (const algorithm of wanted) {
        const rotation = await rotateNow(algorithm, actorOf(request))
        rotations.push(toWireRotation(rotation, verifiers, schedule))
      }
      return { rotations }
    },
  )
}

function toWireRotation(
  { algorithm, outcome, kid, before, signsFrom, earliest }: HastenedRotation,
  verifiers: readonly Verifier[],
  { keys, timing, now }: KeySchedule,
): Static<typeof Rotations>['rotations'][number] {
  const key = keys.find((one) => one.kid === kid)
  return {
    alg: algorithm,
    outcome,
    ...(kid !== undefined && { kid }),
    ...instant('before', before),
    ...instant('signs_from', signsFrom),
    ...(earliest !== undefined && { earliest: toWireArithmetic(earliest) }),
    verifiers: key ? knownTo(verifiers, key, timing, now) : [],
  }
}
