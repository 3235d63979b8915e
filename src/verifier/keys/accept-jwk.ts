import { type CryptoKey, importJWK, type JWK } from 'jose'
import { decodeBase64url } from '../token/base64url.ts'
import type { Algorithm } from '../types.ts'
import { ALGORITHM_FACTS } from './algorithms.ts'
import { createVerifyKey, type VerifyKey } from './verify-key.ts'

/** What makes a JWK more than its public half (RFC 7518 §6.2.2, §6.3.2, §6.4.1). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * Makes a key of a JWK that fits its one algorithm and is strong enough. Undefined for any other,
 * so that one bad key does not cost the good ones beside it.
 * @param before the keys of the last time; one that has not changed stays the same
 */
export async function acceptJwk(
  jwk: unknown,
  algorithms: readonly Algorithm[],
  before: ReadonlyMap<string, VerifyKey>,
): Promise<VerifyKey | undefined> {
  if (typeof jwk !== 'object' || jwk === null) return undefined
  const { kty, crv, x, y, n, e, kid, alg, use, key_ops: operations } = jwk as JWK
  const isNamed = typeof kid === 'string' && kid !== '' && kid.length <= 256
  const algorithm = algorithms.find((one) => one === alg)
  if (!isNamed || algorithm === undefined) return undefined
  const facts = ALGORITHM_FACTS[algorithm]
  if (kty !== facts.kty || crv !== facts.crv) return undefined
  if (use !== undefined && use !== 'sig') return undefined
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return undefined
  }
  if (!isPublic(jwk)) return undefined
  if (kty === 'RSA' && !isStrongRsa(n, e)) return undefined
  const material = materialOf(algorithm, jwk as JWK)
  const known = before.get(kid)
  if (known?.material === material) return known
  try {
    // Only what is the key: whatever else the JWK says is not for the import to judge.
    const key = await importJWK({ kty, crv, x, y, n, e } as JWK, algorithm)
    return createVerifyKey({ kid, alg: algorithm, material }, key as CryptoKey)
  } catch {
    // Such as a point that is not on its curve.
    return undefined
  }
}

/** Whether a JWK is the public half of this very key, whatever else it says, and tells no more of it. */
export function isStill(jwk: unknown, { kid, alg, material }: VerifyKey): boolean {
  if (typeof jwk !== 'object' || jwk === null || (jwk as JWK).kid !== kid) return false
  return isPublic(jwk) && materialOf(alg, jwk as JWK) === material
}

function materialOf(algorithm: Algorithm, { x, y, n, e }: JWK): string {
  return JSON.stringify([algorithm, x, y, n, e])
}

function isPublic(jwk: object): boolean {
  return !PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))
}

/**
 * 2048 bits at least (RFC 7518 §3.3), 8192 at most, as the time of a verification grows with them, and an odd
 * exponent of 65537 or more: with 1, everything would be its own signature.
 */
function isStrongRsa(modulus: unknown, exponent: unknown): boolean {
  const [n, e] = [bytesOf(modulus), bytesOf(exponent)]
  if (n === undefined || e === undefined || e.length > 4) return false
  const bits = n.length * 8 - Math.clz32(n[0] as number) + 24
  const value = e.reduce((sum, byte) => sum * 256 + byte, 0)
  return bits >= 2048 && bits <= 8192 && value >= 65_537 && value % 2 === 1
}

/** Without leading zeros (RFC 7518 §2, Base64urlUInt). */
function bytesOf(member: unknown): Uint8Array | undefined {
  const bytes = typeof member === 'string' ? decodeBase64url(member) : undefined
  return bytes === undefined || bytes[0] === 0 ? undefined : bytes
}
