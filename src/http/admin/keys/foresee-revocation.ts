import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { listVerifiers } from '../../../keys/fetches/store.ts'
import { knownTo } from '../../../keys/operations/known-to.ts'
import { toRevocationJson } from '../../../keys/operations/revocation-json.ts'
import { KeyNotFound } from '../../../keys/operations/revoke.ts'
import { ADMIN } from '../../wire/error-examples.ts'
import { problems } from '../../wire/errors.ts'
import { inJson } from '../../wire/media.ts'
import { reference } from '../../wire/reference.ts'
import { needs } from '../scope.ts'
import { type KeyRouteOptions, keyUnknown } from './operations.ts'
import { Kid } from './wire-key.ts'
import { KeyRevocation, revocationExample } from './wire-revocation.ts'

/** `GET /keys/{kid}/revocation`: what revoking a key would do; does nothing. */
export function foreseeRevocationRoute(
  app: FastifyInstance,
  { db, keyOperations }: KeyRouteOptions,
): void {
  app.get<{ Params: Static<typeof Kid> }>(
    '/keys/:kid/revocation',
    {
      schema: {
        operationId: 'foreseeRevocation',
        summary: 'What revoking a key would do',
        description:
          'Which tokens would be refused, when every verifier would refuse them, and which key would sign in its place, as of now. Nothing is done: `POST /keys/{kid}/revoke` does it.',
        tags: ['keys'],
        security: needs('mintmark:keys:read'),
        params: Kid,
        response: {
          ...problems(...ADMIN, 'signing_key_unknown'),
          200: inJson('What would follow from it.', reference(KeyRevocation), {
            foreseen: { summary: 'It signs', value: revocationExample },
          }),
        },
      },
    },
    async (request): Promise<Static<typeof KeyRevocation>> => {
      try {
        const { revocations, readSchedule } = keyOperations
        const revocation = await revocations.foresee(request.params.kid)
        const { timing, now } = await readSchedule()
        const { signer } = revocation
        const families = signer ? knownTo(await listVerifiers(db), signer, timing, now) : []
        return toRevocationJson(revocation, families)
      } catch (error) {
        throw error instanceof KeyNotFound ? keyUnknown() : error
      }
    },
  )
}
