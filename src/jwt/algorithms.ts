import { generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

const generate = promisify(generateKeyPair)

/**
 * The signature algorithms of RFC 7518 §3.1 and RFC 8037 §3.1 that exist here, and how each makes a
 * key pair. ES256 is small and fast; RS256 is for verifiers that know nothing else, the others are
 * for those whose rules ask for them. No HMAC and no `none`: they are impossible because they are
 * not in this table.
 */
const algorithms = {
  ES256: () => generate('ec', { namedCurve: 'P-256' }),
  RS256: () => generate('rsa', { modulusLength: 2048 }),
  PS256: () => generate('rsa', { modulusLength: 2048 }),
  EdDSA: () => generate('ed25519'),
  ES384: () => generate('ec', { namedCurve: 'P-384' }),
} as const

export type Algorithm = keyof typeof algorithms
export const algorithmNames = Object.keys(algorithms) as Algorithm[]

/** Makes a new key pair for an algorithm. */
export function generateSigningKey(
  algorithm: Algorithm,
): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return algorithms[algorithm]()
}

/** A public key as a JWK (RFC 7517 §4) with what every verifier wants to see. */
export interface PublicJwk extends JsonWebKey {
  kid: string
  alg: Algorithm
  use: 'sig'
}
