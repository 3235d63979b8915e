import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createToAnswer, type FeedAnswer } from '../../src/revocations/feed/answers.ts'
import { createEntries, type FeedEntry } from '../../src/revocations/feed/entries.ts'

export const ISSUER = 'https://auth.example'
export const AUDIENCE = 'https://orders.example'
/** As many as the service puts in an answer. */

/** An issuer with the list of the service itself and real signatures, but neither database nor network. */
export async function createIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const kid = 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U'
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }
  const sign = (typ: string) => (claims: Record<string, unknown>) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, typ }).sign(privateKey)
  const toAnswer = createToAnswer({ issuer: ISSUER, sign: sign('revocations+jwt') })
  const entries = createEntries()
  return {
    jwk,
    entries,
    /** What the feed says at `now` (milliseconds since the epoch) to who asks for what comes after `since`. */
    answer: (since: number, now: number): Promise<FeedAnswer> =>
      toAnswer(entries.page(since), now, now),
    /** An access token as it is issued. */
    token: (sid: string, now: number): Promise<string> =>
      sign('at+jwt')({
        iss: ISSUER,
        sub: '0198c7a0-2f5e-7c1a-9d3b-6b1f8a4e2c70',
        aud: AUDIENCE,
        exp: Math.floor(now / 1000) + 600,
        iat: Math.floor(now / 1000),
        jti: 'AZqhwI9aJ1q3m0o5mT2r8wKkY1xV9Q',
        client_id: 'web',
        scope: 'orders:read orders:write',
        sid,
        auth_time: Math.floor(now / 1000),
        amr: ['pwd'],
        roles: ['buyer'],
      }),
  }
}
export type Issuer = Awaited<ReturnType<typeof createIssuer>>

/** The entry of a session that ended at `now`: for the life of a token of ten minutes, and 70 s. */
export function endOf(seq: number, now: number): FeedEntry {
  return {
    seq,
    kind: 'sid',
    subject: sessionOf(now),
    before: undefined,
    issuedBefore: undefined,
    expiresAt: now + 670_000,
  }
}

/** The id of a session that began at `now`: a UUIDv7 (RFC 9562 §5.7). */
export function sessionOf(now: number): string {
  const time = now.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
