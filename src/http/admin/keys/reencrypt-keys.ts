import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { toReencryptionJson } from '../../../keys/operations/reencryption-json.ts'
import { ADMIN, BODY } from '../../wire/error-examples.ts'
import { problems } from '../../wire/errors.ts'
import { inJson } from '../../wire/media.ts'
import { actorOf } from '../actor.ts'
import { needs } from '../scope.ts'
import type { KeyRouteOptions } from './operations.ts'
import { Alg, KID } from './wire-key.ts'

const exact = { additionalProperties: false }

const Reencrypted = Type.Object(
  {
    master_key_id: Type.Integer({ description: 'Of the first master key, which encrypts.' }),
    keys: Type.Array(
      Type.Object(
        {
          kid: Type.String(),
          alg: Alg,
          from: Type.Integer({ description: 'Of the master key that had encrypted it.' }),
          outcome: Type.String({
            enum: ['reencrypted', 'overtaken', 'closed'],
            description:
              '`overtaken`: somebody else encrypted or erased it meanwhile. `closed`: no master key of this replica opens it.',
          }),
          problem: Type.Optional(Type.String({ description: 'Why it is closed.' })),
        },
        exact,
      ),
      { description: 'Those that another master key had encrypted.' },
    ),
  },
  exact,
)

/** `POST /keys/reencrypt`: encrypts the signing keys anew under the first master key. */
export function reencryptKeysRoute(app: FastifyInstance, { keyOperations }: KeyRouteOptions): void {
  const { masterKeys, reencryptKeys } = keyOperations
  app.post(
    '/keys/reencrypt',
    {
      schema: {
        operationId: 'reencryptKeys',
        summary: 'Encrypt the keys under the first master key',
        description:
          'While the service runs, once every replica has that master key. What else the old one is needed for, `mintmark keys reencrypt` says. Asked twice, it changes nothing.',
        tags: ['keys'],
        security: needs('mintmark:keys:write'),
        response: {
          ...problems(...ADMIN, ...BODY),
          200: inJson('What became of them.', Reencrypted, {
            done: {
              summary: 'One key was encrypted by master key 1, and is by 2',
              value: {
                master_key_id: 2,
                keys: [{ kid: KID, alg: 'ES256', from: 1, outcome: 'reencrypted' }],
              },
            },
          }),
        },
      },
    },
    async (request) => toReencryptionJson(await reencryptKeys(actorOf(request)), masterKeys.first),
  )
}
