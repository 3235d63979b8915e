import { buildClaims } from '../../src/verifier/testing/claims.ts'
import { createInstants } from '../../src/verifier/testing/instants.ts'
import {
  createSigningKey,
  type SigningKey,
  signCompact,
} from '../../src/verifier/testing/signing-key.ts'
import type { Algorithm } from '../../src/verifier/types.ts'

export const ISSUER = 'https://auth.example'
export const AUDIENCE = 'https://orders.example'
/** The instant that the vectors are of, in seconds since the epoch. */
export const NOW = Date.UTC(2026, 10, 22, 12) / 1000
export const TOLERANCE = 30
export const ALGORITHMS: readonly Algorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384']

type Members = Record<string, unknown>

/** What the vectors are made with. */
export interface Bench {
  readonly keys: Readonly<Record<Algorithm, SigningKey>>
  /** The header and the claims of a good token by ES256, with other members in place of its own. */
  header(other?: Members): Members
  claims(other?: Members): Members
  /** Good, but for what is given in place; a text is signed as it stands. */
  sign(parts?: {
    header?: Members | string
    claims?: Members | string | Uint8Array
    key?: SigningKey
  }): Promise<string>
  /** The JSON of good claims after this was done to it: for what no object can say. */
  rewrite(change: (json: string) => string): Promise<string>
}

export async function createBench(): Promise<Bench> {
  const pairs = await Promise.all(
    ALGORITHMS.map(async (alg) => [alg, await createSigningKey(alg)] as const),
  )
  const keys = Object.fromEntries(pairs) as Record<Algorithm, SigningKey>
  const instants = createInstants(() => NOW * 1000)
  const header = (other: Members = {}): Members => ({
    alg: 'ES256',
    kid: keys.ES256.kid,
    typ: 'at+jwt',
    ...other,
  })
  // Of no session, as most of them are about something else, and the file is to stay small.
  const claims = (other: Members = {}): Members =>
    buildClaims(
      { sub: 'user-1', sid: null, scope: 'orders:read', issuedAt: NOW - 60, claims: other },
      { issuer: ISSUER, audience: AUDIENCE, instants },
    )
  const sign: Bench['sign'] = (parts = {}) =>
    signCompact(parts.header ?? header(), parts.claims ?? claims(), parts.key ?? keys.ES256)
  return {
    keys,
    header,
    claims,
    sign,
    rewrite: (change) => sign({ claims: change(JSON.stringify(claims())) }),
  }
}
