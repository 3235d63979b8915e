import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { UnfitKey } from '../../jwt/accept-key.ts'
import type { Algorithm } from '../../jwt/algorithms.ts'
import { createSign } from '../../jwt/sign.ts'
import { createVerifySignature } from '../../jwt/verify.ts'

const PUBLIC_MEMBERS = ['x', 'y', 'n', 'e'] as const

/**
 * Lets a private key pass whose parts belong together. The parser looks at each for itself: signatures
 * of a key that was put together of two would be refused by every verifier, and those of RSA could give
 * the factors away. Throws UnfitKey.
 * @param jwk what the key was given as, where it was a JWK
 */
export function requireSound(
  privateKey: KeyObject,
  algorithm: Algorithm,
  jwk: JsonWebKey | undefined,
): void {
  const publicKey = createPublicKey(privateKey)
  const derived = publicKey.export({ format: 'jwk' })
  const isSame = PUBLIC_MEMBERS.every((name) => (jwk ?? derived)[name] === derived[name])
  const claims = { iat: 0, exp: 1 }
  const token = createSign({ kid: '', algorithm, privateKey, typ: 'JWT' })(claims)
  const isVerified = createVerifySignature({ algorithm, publicKey })(token) !== undefined
  if (!isSame || !isVerified || !isSoundRsa(privateKey.export({ format: 'jwk' }))) {
    throw new UnfitKey('the private and the public half do not belong together')
  }
}

/** RFC 8017 §3.2: of two primes, with the exponents that follow from them. */
function isSoundRsa(jwk: JsonWebKey): boolean {
  if (jwk.kty !== 'RSA') return true
  const number = (name: 'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi') =>
    BigInt(`0x0${Buffer.from(jwk[name] ?? '', 'base64url').toString('hex')}`)
  const [n, e, d, p, q] = [number('n'), number('e'), number('d'), number('p'), number('q')]
  if (p <= 1n || q <= 1n) return false
  return (
    n === p * q &&
    (e * d) % (p - 1n) === 1n &&
    (e * d) % (q - 1n) === 1n &&
    number('dp') === d % (p - 1n) &&
    number('dq') === d % (q - 1n) &&
    (q * number('qi')) % p === 1n
  )
}
