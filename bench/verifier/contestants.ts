import { createPublicKey } from 'node:crypto'
import { createVerifier as createFastJwt } from 'fast-jwt'
import { createLocalJWKSet, exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from 'jose'
import { type Algorithm, createVerifier } from '../../src/verifier/verifier.ts'

const ISSUER = 'https://auth.example'
const AUDIENCE = 'https://orders.example'

/** One way to verify, for each of many tokens in turn. */
export interface Contestant {
  readonly name: string
  readonly verify: (token: string) => unknown
}

/** All ways to verify tokens of one algorithm, and tokens for them. Nobody goes to the network. */
export async function prepare(
  alg: Algorithm,
  tokenCount: number,
): Promise<{ contestants: Contestant[]; tokens: string[] }> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg, use: 'sig' }
  const iat = Math.floor(Date.now() / 1000)
  const sign = (index: number) =>
    new SignJWT({
      iss: ISSUER,
      sub: '0198c7a0-2f5e-7c1a-9d3b-6b1f8a4e2c70',
      aud: AUDIENCE,
      exp: iat + 3600,
      iat,
      jti: `${String(index).padStart(6, '0')}Zk3vQ9sT1xW7aB2c`,
      client_id: 'web',
      scope: 'orders:read orders:write',
      sid: '0198c7a0-2f5e-7c1a-9d3b-6b1f8a4e2c71',
      auth_time: iat,
      amr: ['pwd'],
      roles: ['buyer'],
    })
      .setProtectedHeader({ alg, kid: 'bench', typ: 'at+jwt' })
      .sign(privateKey)
  const tokens = await Promise.all(Array.from({ length: tokenCount }, (_, index) => sign(index)))

  const key = await importJWK(jwk, alg)
  const keySet = createLocalJWKSet({ keys: [jwk] })
  const claims = { issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt', algorithms: [alg] }
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const fastJwt = (cache: boolean) =>
    createFastJwt({
      key: pem,
      algorithms: [alg],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      cache: cache ? tokenCount * 2 : false,
    })
  const uncachedFastJwt = fastJwt(false)
  const cachedFastJwt = fastJwt(true)
  const ours = (tokenCache: number) =>
    createVerifier({
      issuer: ISSUER,
      audience: AUDIENCE,
      tokenCache,
      fetch: async () => Response.json({ keys: [jwk] }),
    })
  const uncached = ours(0)
  const cached = ours(tokenCount * 2)
  return {
    tokens,
    contestants: [
      { name: 'jose, key in hand', verify: (token) => jwtVerify(token, key, claims) },
      { name: 'jose, key set', verify: (token) => jwtVerify(token, keySet, claims) },
      { name: 'fast-jwt', verify: (token) => uncachedFastJwt(token) },
      { name: 'mintmark', verify: (token) => uncached.verify(token) },
      { name: 'fast-jwt, cache', verify: (token) => cachedFastJwt(token) },
      { name: 'mintmark, cache', verify: (token) => cached.verify(token) },
    ],
  }
}
