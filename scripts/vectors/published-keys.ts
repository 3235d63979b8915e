import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { exportJWK, type JWK } from 'jose'
import {
  createSigningKey,
  type SigningKey,
  signCompact,
} from '../../src/verifier/testing/signing-key.ts'
import type { Bench } from './bench.ts'
import type { Vector } from './vector.ts'

/**
 * Keys of a JWKS that are no keys to verify with. Beside each stands a good one, which goes on
 * working: the file's key for ES256.
 */
export async function publishedKeyVectors(bench: Bench): Promise<Vector[]> {
  const key = await createSigningKey('ES256')
  const privateJwk = await exportJWK(key.privateKey)
  const cases: [name: string, why: string, published: JWK, key: SigningKey][] = [
    ['encryption', 'use says enc', { ...key.jwk, use: 'enc' }, key],
    ['operations', 'key_ops allow no verifying', { ...key.jwk, key_ops: ['encrypt'] }, key],
    ['private', 'its private half is published', { ...privateJwk, ...key.jwk }, key],
    ['off-curve', 'its point is not on the curve', { ...key.jwk, x: key.jwk.y ?? '' }, key],
    ['other-curve', 'its curve is not that of the algorithm', { ...key.jwk, alg: 'ES384' }, key],
    ['weak-rsa', 'RSA of 1024 bits', ...(await rsa(1024, 65_537))],
    ['exponent-3', 'RSA with a public exponent of 3', ...(await rsa(2048, 3))],
  ]
  const good = bench.keys.ES256.jwk
  const refused = cases.map(async ([name, why, published, signer]) => ({
    name: `published-${name}`,
    rfc: 'RFC 8725 section 3.5',
    token: await bench.sign({
      header: bench.header({ alg: signer.alg, kid: signer.kid }),
      key: signer,
    }),
    jwks: { keys: [good, published] },
    expected: 'kid_unknown' as const,
    why: `a published key that is none to verify with is not loaded: ${why}`,
  }))
  const twin = { ...(await createSigningKey('ES256')).jwk, kid: key.kid }
  const oct: JWK = { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256', kid: 'shared', use: 'sig' }
  return [
    ...(await Promise.all(refused)),
    {
      name: 'published-twice',
      rfc: 'RFC 7517 section 4.5',
      token: await bench.sign({ header: bench.header({ kid: key.kid }), key }),
      jwks: { keys: [good, key.jwk, twin] },
      expected: 'kid_unknown',
      why: 'of two keys with one kid neither is loaded: it would be left to chance which of them verifies',
    },
    {
      name: 'published-beside-a-bad-one',
      token: await bench.sign(),
      jwks: { keys: [oct, { ...key.jwk, use: 'enc' }, good] },
      expected: 'accepted',
      why: 'a key that is not loaded keeps nobody from those that are',
    },
  ]
}

/** An RSA key that Web Crypto would not make, and its JWK. */
async function rsa(modulusLength: number, publicExponent: number): Promise<[JWK, SigningKey]> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent })
  const kid = `rsa-${modulusLength}-${publicExponent}`
  const jwk: JWK = {
    ...(createPublicKey(privateKey).export({ format: 'jwk' }) as JWK),
    kid,
    alg: 'RS256',
    use: 'sig',
  }
  const imported = await crypto.subtle.importKey(
    'pkcs8',
    privateKey.export({ type: 'pkcs8', format: 'der' }),
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    false,
    ['sign'],
  )
  const key: SigningKey = { alg: 'RS256', kid, jwk, privateKey: imported }
  // Made once here, so that a key that this Node refuses is found when the file is made.
  await signCompact({ alg: 'RS256' }, {}, key)
  return [jwk, key]
}
