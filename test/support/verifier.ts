import { exportJWK, generateKeyPair, type JWK } from 'jose'
import type { Test } from 'tap'
import {
  type Algorithm,
  createVerifier,
  type Verifier,
  type VerifierOptions,
  VerifyError,
} from '../../src/verifier/verifier.ts'
import { createStoppedClock, type StoppedClock } from './clock.ts'

export const ISSUER = 'https://auth.example'
export const ORDERS = 'https://orders.example'
export const NOW = Date.UTC(2026, 10, 21, 12) / 1000

/** A key pair as an issuer has it. */
export interface TestKey {
  readonly kid: string
  readonly alg: Algorithm
  readonly jwk: JWK
  sign(bytes: string): Promise<Uint8Array>
}

const SUBTLE = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  ES384: { name: 'ECDSA', hash: 'SHA-384' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  EdDSA: { name: 'Ed25519' },
}

export async function createTestKey(kid: string, alg: Algorithm = 'ES256'): Promise<TestKey> {
  const pair = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' }
  const sign = async (bytes: string) =>
    new Uint8Array(
      await crypto.subtle.sign(SUBTLE[alg], pair.privateKey, new TextEncoder().encode(bytes)),
    )
  return { kid, alg, jwk, sign }
}

export const goodClaims = () => ({
  iss: ISSUER,
  sub: 'alice',
  aud: ORDERS,
  exp: NOW + 600,
  iat: NOW,
  jti: 'Zk3vQ9sT1xW7aB2cZk3vQ9',
  client_id: 'web',
  scope: 'orders:read orders:write',
  sid: '019aa6b5-7a00-7000-8000-000000000001',
})

export const base64url = (content: string | Uint8Array) =>
  Buffer.from(content as string).toString('base64url')

/** A token of these texts, signed; they may be anything. */
export async function signTexts(
  key: TestKey,
  header: string | Uint8Array,
  payload: string | Uint8Array,
): Promise<string> {
  const signed = `${base64url(header)}.${base64url(payload)}`
  return `${signed}.${base64url(await key.sign(signed))}`
}

/** A good token with other members; undefined takes one away. */
export function signToken(
  key: TestKey,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  return signTexts(
    key,
    JSON.stringify({ alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header }),
    JSON.stringify({ ...goodClaims(), ...claims }),
  )
}

/** What an issuer answers; everything else is 404. */
export type Answers = Record<string, () => Response | Promise<Response>>

/** A verifier that asks nobody but the answers, on a clock that stands still. */
export interface Bench {
  readonly verifier: Verifier
  readonly clock: StoppedClock
  readonly answers: Answers
  /** Every request, in order. */
  readonly requests: Request[]
  /** How often the keys were asked for. */
  jwksRequests(): number
}

export const JWKS = '/.well-known/jwks.json'
export const METADATA = '/.well-known/oauth-authorization-server'

export const jwksOf =
  (keys: readonly unknown[], headers: Record<string, string> = {}) =>
  () =>
    Response.json({ keys }, { headers })

export function createBench(
  t: Test,
  keys: readonly TestKey[],
  options: Partial<VerifierOptions> = {},
): Bench {
  const clock = createStoppedClock()
  const requests: Request[] = []
  const answers: Answers = { [JWKS]: jwksOf(keys.map(({ jwk }) => jwk)) }
  const fetch = (async (url: string, init: RequestInit) => {
    const request = new Request(url, init)
    requests.push(request)
    return (await answers[new URL(url).pathname]?.()) ?? new Response('', { status: 404 })
  }) as typeof globalThis.fetch
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: ORDERS,
    clock: () => clock.now(),
    fetch,
    retries: 0,
    ...options,
  })
  t.teardown(() => verifier.close())
  const jwksRequests = () => requests.filter(({ url }) => url.endsWith(JWKS)).length
  return { verifier, clock, answers, requests, jwksRequests }
}

/** The error with which a token is refused; fails the test when it is not. */
export async function refusal(verifying: Promise<unknown>): Promise<VerifyError> {
  try {
    await verifying
  } catch (error) {
    if (error instanceof VerifyError) return error
    throw new Error('something else than a VerifyError was thrown', { cause: error })
  }
  throw new Error('the token was not refused')
}

/** Waits until what nobody waits for has run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
