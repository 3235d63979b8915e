import { type Static, Type } from 'typebox'
import { iso } from '../../../base/times.ts'
import type { Verifier } from '../../../keys/fetches/count.ts'

/** Who has a key, by family: the wire form is the fact itself. */
export const FamiliesKnow = Type.Array(
  Type.Object(
    { family: Type.String(), have: Type.Integer(), lack: Type.Integer() },
    { additionalProperties: false },
  ),
  {
    description:
      'Of the verifiers that are about, by family: how many have fetched the JWKS since the key was published, and how many have not.',
  },
)

/** Who fetches the JWKS. */
export const JwksVerifier = Type.Object(
  {
    family: Type.String({ description: 'What it is, by its User-Agent.' }),
    address: Type.String({ description: 'Where it fetched from.' }),
    first_at: Type.String({ format: 'date-time' }),
    last_at: Type.String({
      format: 'date-time',
      description: 'It knows every key that was published before.',
    }),
    fetches: Type.Integer(),
  },
  {
    $id: 'JwksVerifier',
    description: 'A verifier that fetches the JWKS.',
    additionalProperties: false,
  },
)

export const verifierExample = {
  family: 'jose',
  address: '203.0.113.20',
  first_at: '2026-11-01T08:00:00.000Z',
  last_at: '2026-11-21T11:58:00.000Z',
  fetches: 5821,
}

/** The wire form of those at one address. */
export function toJwksVerifier(one: Verifier): Static<typeof JwksVerifier> {
  const { family, address, fetches } = one
  return { family, address, first_at: iso(one.firstAt), last_at: iso(one.lastAt), fetches }
}
