import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { listVerifiers } from '../../../keys/fetches/store.ts'
import { toKeyStatus } from '../../../keys/operations/status.ts'
import { ADMIN } from '../../wire/error-examples.ts'
import { problems } from '../../wire/errors.ts'
import { inJson } from '../../wire/media.ts'
import { reference } from '../../wire/reference.ts'
import { needs } from '../scope.ts'
import type { KeyRouteOptions } from './operations.ts'
import { AdminKey, activeKey, nextKey, toAdminKey } from './wire-key.ts'
import { JwksVerifier, toJwksVerifier, verifierExample } from './wire-verifier.ts'

const Keys = Type.Object(
  {
    keys: Type.Array(reference(AdminKey), { description: 'The oldest first.' }),
    impossible: Type.Array(Type.String(), {
      description:
        'The kids of rows that this version does not understand: another version wrote them.',
    }),
    verifiers: Type.Array(reference(JwksVerifier), {
      description: 'Who has fetched the JWKS in the last month, by family and address.',
    }),
  },
  { additionalProperties: false },
)

/** `GET /keys`: all signing keys, and who has fetched them. */
export function listKeysRoute(app: FastifyInstance, options: KeyRouteOptions): void {
  const { db, keyOperations } = options
  app.get(
    '/keys',
    {
      schema: {
        operationId: 'listKeys',
        summary: 'Signing keys',
        description:
          'Of each key how long it signs, until when its tokens live, and whether it opens; and which verifiers have fetched the JWKS, and when they last did: whoever did after a key was made knows it.',
        tags: ['keys'],
        security: needs('mintmark:keys:read'),
        response: {
          ...problems(...ADMIN),
          200: inJson('All of them.', Keys, {
            keys: {
              summary: 'One that signs, and the one that will',
              value: {
                keys: [activeKey, nextKey],
                impossible: [],
                verifiers: [verifierExample],
              },
            },
          }),
        },
      },
    },
    async () => {
      const schedule = await keyOperations.readSchedule()
      const verifiers = await listVerifiers(db)
      return {
        keys: toKeyStatus(schedule, keyOperations.masterKeys).map((one) =>
          toAdminKey(one, verifiers, schedule),
        ),
        impossible: schedule.impossible,
        verifiers: verifiers.map(toJwksVerifier),
      }
    },
  )
}
