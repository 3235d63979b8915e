import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { listVerifiers } from '../../../keys/fetches/store.ts'
import { knownTo } from '../../../keys/operations/known-to.ts'
import { toRevocationJson } from '../../../keys/operations/revocation-json.ts'
import { KeyNotFound } from '../../../keys/operations/revoke.ts'
import { ADMIN, BODY } from '../../wire/error-examples.ts'
import { problems } from '../../wire/errors.ts'
import { EXAMPLES, inJson } from '../../wire/media.ts'
import { reference } from '../../wire/reference.ts'
import { actorOf } from '../actor.ts'
import { needs } from '../scope.ts'
import { type KeyRouteOptions, keyUnknown } from './operations.ts'
import { Kid } from './wire-key.ts'
import { KeyRevocation, revocationExample } from './wire-revocation.ts'

const Body = Type.Object(
  {
    emergency: Type.Literal(true, {
      description: 'That it is known what this does: tokens that are good are refused.',
    }),
  },
  { additionalProperties: false },
)

/** `POST /keys/{kid}/revoke`: a key that leaked is published no more, and its successor signs. */
export function revokeKeyRoute(app: FastifyInstance, { db, keyOperations }: KeyRouteOptions): void {
  app.post<{ Params: Static<typeof Kid>; Body: Static<typeof Body> }>(
    '/keys/:kid/revoke',
    {
      schema: {
        operationId: 'revokeKey',
        summary: 'Revoke a key that leaked',
        description:
          'It is published no more, its private half is erased, and if it signed, the next key signs from now on. All tokens that it signed are refused: the answer says which they are, and when every verifier will refuse them. The token that asks for this may be one of them. Sessions live on: a refresh gets a token by the other key. Revoking it twice changes nothing.',
        tags: ['keys'],
        security: needs('mintmark:keys:write'),
        params: Kid,
        body: {
          ...Body,
          [EXAMPLES]: { emergency: { summary: 'It leaked', value: { emergency: true } } },
        },
        response: {
          ...problems(...ADMIN, ...BODY, 'signing_key_unknown'),
          200: inJson('What was done, and what follows from it.', reference(KeyRevocation), {
            revoked: { summary: 'It signed', value: revocationExample },
          }),
        },
      },
    },
    async (request): Promise<Static<typeof KeyRevocation>> => {
      try {
        const { revocations, readSchedule } = keyOperations
        // Before it: once it is done, nothing may stand between it and the answer.
        const { timing, now } = await readSchedule()
        const verifiers = await listVerifiers(db)
        const revocation = await revocations.revoke(request.params.kid, actorOf(request))
        const { signer } = revocation
        const families = signer ? knownTo(verifiers, signer, timing, now) : []
        return toRevocationJson(revocation, families)
      } catch (error) {
        throw error instanceof KeyNotFound ? keyUnknown() : error
      }
    },
  )
}
