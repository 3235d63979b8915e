import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { iso } from '../../../base/times.ts'
import { KeyExists, NextKeyBusy } from '../../../keys/operations/import-key.ts'
import { InvalidKey, readPrivateKey } from '../../../keys/operations/read-private-key.ts'
import { isAlgorithm } from '../../../keys/signing-key.ts'
import { OAuthError } from '../../../oauth/error.ts'
import { Problem } from '../../problem.ts'
import { ADMIN, BODY } from '../../wire/error-examples.ts'
import { problems } from '../../wire/errors.ts'
import { EXAMPLES, inJson } from '../../wire/media.ts'
import { actorOf } from '../actor.ts'
import { needs } from '../scope.ts'
import type { KeyRouteOptions } from './operations.ts'
import { Alg, NEXT_KID } from './wire-key.ts'

const exact = { additionalProperties: false }

const Body = Type.Object(
  {
    pem: Type.Optional(
      Type.String({ description: 'PKCS#8, not encrypted (RFC 7468 section 10).' }),
    ),
    jwk: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'A private JWK (RFC 7517). Either this or `pem`.',
      }),
    ),
    alg: Type.Optional({
      ...Alg,
      description: 'What it is to sign by: an RSA key in PEM can do so by several.',
    }),
  },
  exact,
)

const requests = {
  pem: {
    summary: 'An RSA key in PEM',
    value: {
      pem: '-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n',
      alg: 'RS256',
    },
  },
  jwk: {
    summary: 'A key as JWK',
    value: { jwk: { kty: 'EC', crv: 'P-256', x: '…', y: '…', d: '…' } },
  },
}

const Imported = Type.Object(
  {
    kid: Type.String({ description: 'Its thumbprint (RFC 7638), whatever it was called before.' }),
    alg: Alg,
    state: Type.String({ enum: ['next', 'active'] }),
    signs_from: Type.String({ format: 'date-time' }),
    replaced: Type.Optional(
      Type.String({ description: 'The next key whose place it took, and which never signed.' }),
    ),
    in_use: Type.Boolean({ description: 'Whether anybody gets tokens by its algorithm.' }),
  },
  exact,
)

/** `POST /keys/import`: takes in a private key as the next one of its algorithm. */
export function importKeyRoute(app: FastifyInstance, { keyOperations }: KeyRouteOptions): void {
  app.post<{ Body: Static<typeof Body> }>(
    '/keys/import',
    {
      schema: {
        operationId: 'importKey',
        summary: 'Import a private key',
        description:
          'It is sealed under the first master key and becomes the next key of its algorithm: it is published now, and signs when every verifier knows it. The body is a secret, and is written nowhere.',
        tags: ['keys'],
        security: needs('mintmark:keys:write'),
        body: { ...Body, [EXAMPLES]: requests },
        response: {
          ...problems(...ADMIN, ...BODY, 'key_invalid', 'key_exists', 'key_busy'),
          200: inJson('Its place among the keys.', Imported, {
            imported: {
              summary: 'It signs in a month',
              value: {
                kid: NEXT_KID,
                alg: 'ES256',
                state: 'next',
                signs_from: '2026-12-11T12:00:00.000Z',
                in_use: true,
              },
            },
          }),
        },
      },
    },
    async (request) => {
      const { privateKey, algorithm } = read(request.body)
      try {
        const made = await keyOperations.importKey(privateKey, algorithm, actorOf(request))
        return {
          kid: made.kid,
          alg: made.algorithm,
          state: made.state,
          signs_from: iso(made.signsFrom),
          ...(made.replaced !== undefined && { replaced: made.replaced }),
          in_use: made.isInUse,
        }
      } catch (error) {
        throw toRefusal(error)
      }
    },
  )
}

function read({ pem, jwk, alg }: Static<typeof Body>) {
  if ((pem === undefined) === (jwk === undefined)) {
    throw new OAuthError('parameter_invalid', 'body must have either pem or jwk')
  }
  const wanted = alg !== undefined && isAlgorithm(alg) ? alg : undefined
  try {
    return readPrivateKey(pem ?? JSON.stringify(jwk), wanted)
  } catch (error) {
    throw error instanceof InvalidKey ? new Problem(400, 'key_invalid', error.message) : error
  }
}

function toRefusal(error: unknown): unknown {
  if (error instanceof KeyExists) {
    return new Problem(409, 'key_exists', 'this key is here already, or was: none comes back')
  }
  if (error instanceof NextKeyBusy) {
    const detail =
      'the next key of this algorithm begins to sign just now: try again in twenty seconds'
    return new Problem(409, 'key_busy', detail)
  }
  return error
}
