import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { listVerifiers } from '../../../keys/fetches/store.ts'
import { exportPublicHalf } from '../../../keys/operations/export-public.ts'
import { toKeyStatus } from '../../../keys/operations/status.ts'
import { ADMIN } from '../../wire/error-examples.ts'
import { problems } from '../../wire/errors.ts'
import { ES256_EXAMPLE } from '../../wire/jwk.ts'
import { inJson } from '../../wire/media.ts'
import { needs } from '../scope.ts'
import { type KeyRouteOptions, keyUnknown } from './operations.ts'
import { Kid, keyFields, nextKey, toAdminKey } from './wire-key.ts'

const PublicJwk = Type.Object(
  {
    kid: Type.String(),
    alg: Type.String(),
    use: Type.Literal('sig'),
    kty: Type.String(),
    crv: Type.Optional(Type.String()),
    x: Type.Optional(Type.String()),
    y: Type.Optional(Type.String()),
    n: Type.Optional(Type.String()),
    e: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

const DetailedKey = Type.Object(
  {
    ...keyFields,
    public_jwk: Type.Optional(PublicJwk),
    public_pem: Type.Optional(
      Type.String({ description: 'SubjectPublicKeyInfo (RFC 7468 section 13).' }),
    ),
  },
  { additionalProperties: false },
)

const example = {
  ...nextKey,
  kid: ES256_EXAMPLE.kid,
  public_jwk: ES256_EXAMPLE,
  public_pem: '-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n',
}

/** `GET /keys/{kid}`: one signing key with its public half. */
export function getKeyRoute(app: FastifyInstance, options: KeyRouteOptions): void {
  const { db, keyOperations } = options
  app.get<{ Params: Static<typeof Kid> }>(
    '/keys/:kid',
    {
      schema: {
        operationId: 'getKey',
        summary: 'One signing key',
        description:
          'With its public half as JWK and as PEM, which is missing where no master key opens the key.',
        tags: ['keys'],
        security: needs('mintmark:keys:read'),
        params: Kid,
        response: {
          ...problems(...ADMIN, 'signing_key_unknown'),
          200: inJson('The key.', DetailedKey, {
            next: { summary: 'It will sign, and is known', value: example },
          }),
        },
      },
    },
    async ({ params: { kid } }) => {
      const { masterKeys, readSchedule } = keyOperations
      const schedule = await readSchedule()
      const status = toKeyStatus(schedule, masterKeys).find(({ key }) => key.kid === kid)
      if (status === undefined) throw keyUnknown()
      const { key, seal } = status
      // What a database says of a key that does not open is nobody's word.
      const half = seal === 'closed' ? undefined : exportPublicHalf(key, masterKeys)
      return {
        ...toAdminKey(status, await listVerifiers(db), schedule),
        ...(half && { public_jwk: half.jwk, public_pem: half.pem }),
      }
    },
  )
}
