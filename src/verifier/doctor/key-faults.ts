import type { JWK } from 'jose'
import { ALGORITHMS } from '../terms.ts'

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** What a JWK gives away that nobody but the issuer may know; undefined when nothing. */
export function whatLeaks(jwk: JWK): string | undefined {
  if (jwk.kty === 'oct') return 'it is a shared secret (oct), published'
  const secret = PRIVATE_MEMBERS.filter((name) => Object.hasOwn(jwk, name))
  return secret.length > 0 ? `its private half is published (${secret.join(', ')})` : undefined
}

/** Why a verifier does not load a key, in words; of one that it does not load, and that leaks nothing. */
export function whyRefused(jwk: JWK, all: readonly JWK[]): string {
  const { kid, alg, use, key_ops: operations } = jwk
  if (typeof kid !== 'string' || kid === '') return 'it has no kid'
  if (all.filter((one) => one.kid === kid).length > 1) return 'another key has the same kid'
  if (alg === undefined) return 'it names no alg'
  if (!ALGORITHMS.some((one) => one === alg)) return `no token is taken by ${alg}`
  if (use !== undefined && use !== 'sig') return `its use is ${use}`
  if (operations !== undefined) {
    if (!Array.isArray(operations) || !operations.includes('verify')) return 'key_ops lack verify'
  }
  return `it is no key for ${alg}, or too weak a one`
}
