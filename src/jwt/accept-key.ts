import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { Algorithm } from './algorithms.ts'

/** The key cannot serve its algorithm; the message says why and holds nothing of the key. */
export class UnfitKey extends Error {
  override readonly name = 'UnfitKey'
}

/** The one kind of key that an algorithm works with (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1). */
const KINDS = {
  ES256: { type: 'ec', curve: 'prime256v1', kty: 'EC', crv: 'P-256' },
  ES384: { type: 'ec', curve: 'secp384r1', kty: 'EC', crv: 'P-384' },
  EdDSA: { type: 'ed25519', curve: undefined, kty: 'OKP', crv: 'Ed25519' },
  RS256: { type: 'rsa', curve: undefined, kty: 'RSA', crv: undefined },
  PS256: { type: 'rsa', curve: undefined, kty: 'RSA', crv: undefined },
} as const satisfies Record<Algorithm, object>

/** What makes a JWK more than its public half (RFC 7518 §6.2.2, §6.3.2, §6.4.1). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

/**
 * Lets a key pass, private or public, that fits its one algorithm (RFC 8725 §3.1) and is strong
 * enough: RSA of 2048 bits or more (RFC 7518 §3.3) and 4096 or less, with an exponent of 65537 or more. The RSA key of
 * `id-RSASSA-PSS`, which no JWK can say, is none of them. Throws {@link UnfitKey}.
 */
export function requireKeyFor(algorithm: Algorithm, key: KeyObject): void {
  const { type, curve, kty, crv } = KINDS[algorithm]
  const details = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType !== type || details.namedCurve !== curve) {
    const given = [key.asymmetricKeyType ?? key.type, details.namedCurve].filter(Boolean).join(' ')
    const wanted = [kty, crv].filter(Boolean).join(' ')
    throw new UnfitKey(`${algorithm} needs a key of ${wanted}, and this is one of ${given}`)
  }
  if (type !== 'rsa') return
  const { modulusLength = 0, publicExponent = 0n } = details
  if (modulusLength < 2048) {
    throw new UnfitKey(`${algorithm} needs 2048 bits or more, and this key has ${modulusLength}`)
  }
  // The time that a signature takes grows with the cube: one of 8192 bits holds up everybody.
  if (modulusLength > 4096) {
    throw new UnfitKey(`${algorithm} needs 4096 bits or less, and this key has ${modulusLength}`)
  }
  if (publicExponent < 65_537n) {
    throw new UnfitKey(`${algorithm} needs a public exponent of 65537 or more`)
  }
}

/**
 * Lets a JWK pass, private or public, whose members agree with the algorithm: its `kty` and `crv`,
 * and `alg`, `use` and `key_ops` where it has them (RFC 7517 §4). Throws {@link UnfitKey}.
 */
export function requireJwkFor(algorithm: Algorithm, jwk: JsonWebKey): void {
  const { kty, crv } = KINDS[algorithm]
  const { key_ops: operations = ['sign', 'verify'] } = jwk
  const said: [member: string, given: unknown, wanted: string | undefined][] = [
    ['kty', jwk.kty, kty],
    ['crv', jwk.crv, crv],
    ['alg', jwk.alg ?? algorithm, algorithm],
    ['use', jwk.use ?? 'sig', 'sig'],
  ]
  for (const [member, given, wanted] of said) {
    if (given === wanted) continue
    const told = wanted === undefined ? `no ${member}` : `${member} ${wanted}`
    throw new UnfitKey(`${algorithm} needs a JWK with ${told}, and this one has another`)
  }
  const isForSignatures = Array.isArray(operations) && operations.some(isOfSignatures)
  if (!isForSignatures) throw new UnfitKey('the key_ops of the JWK allow no signatures')
}

const isOfSignatures = (operation: unknown) => operation === 'sign' || operation === 'verify'

/**
 * Opens a JWK that is a public half and no more, for one algorithm. Throws {@link UnfitKey}, also for
 * a point that is not on its curve.
 */
export function openPublicJwk(algorithm: Algorithm, jwk: JsonWebKey): KeyObject {
  requireJwkFor(algorithm, jwk)
  const secret = PRIVATE_MEMBERS.filter((name) => Object.hasOwn(jwk, name))
  if (secret.length > 0) {
    throw new UnfitKey(`the JWK is to be public, and has the private ${secret.join(', ')}`)
  }
  const key = createKey(jwk)
  requireKeyFor(algorithm, key)
  return key
}

function createKey(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    throw new UnfitKey('the JWK holds no key: a member is missing, or its point is on no curve')
  }
}
