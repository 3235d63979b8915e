import { type Algorithm, algorithmNames } from '../jwt/algorithms.ts'
import type { KeyRing } from '../keys/key-ring.ts'

/** Explicit typing, so that the list is taken for no token, and no token for the list (RFC 8725 §3.11). */
const TYP = 'revocations+jwt'

/**
 * Signs the list of revocations, for verifiers that know the keys of the tokens already: by the key
 * that signs where neither client nor audience ask for another. Throws DatabaseUnavailable and
 * NoSigningKey like the key ring's signer.
 */
export function createSignRevocations(options: {
  keyRing: KeyRing
  signingAlgorithms: readonly Algorithm[]
}): (claims: Record<string, unknown>) => Promise<string> {
  const algorithms = [...new Set([...options.signingAlgorithms, ...algorithmNames])]
  return async (claims) => (await options.keyRing.signer(algorithms, TYP))(claims)
}
