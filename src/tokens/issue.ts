import type { Clock } from '../base/clock.ts'
import { fraction, type Random } from '../base/random.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { buildClaims, type Subject } from './access-token.ts'
import { largestClaims, requireWithinBudget, WARN_BYTES } from './budget.ts'
import { chooseSignature } from './signature-choice.ts'
import { drawTokenId } from './token-id.ts'

/** An access token and for how many seconds it lives. */
export interface IssuedAccessToken {
  readonly accessToken: string
  readonly expiresInSeconds: number
}

/**
 * The one mint: signs an access token with the key in memory. Makes no query unless what it knows of
 * the keys has grown old. Throws `access_token_too_large`, NoSigningKey, DatabaseUnavailable.
 */
export type IssueAccessToken = (subject: Subject) => Promise<IssuedAccessToken>

/** So much of its lifetime a token may randomly lose, lest a fleet started together refresh together. */
const JITTER = 0.05

/**
 * So little a verifier's clock may be behind ours without anybody's being at fault, and many verifiers
 * refuse a token that they take to be made in the future.
 */
const CLOCKS_APART_MS = 50

export function createIssueAccessToken(options: {
  issuer: string
  keyRing: KeyRing
  clock: Clock
  random: Random
  accessTokenTtlSeconds: number
  /** The first signs where neither client nor audience ask for another. */
  signingAlgorithms: readonly Algorithm[]
  /** Hears of tokens over 2 KB: how large, whose, and by which claims. */
  onLargeToken: (token: { bytes: number; clientId: string; largest: string }) => void
}): IssueAccessToken {
  const { issuer, keyRing, clock, random } = options
  return async (subject) => {
    const { algorithms, typ } = chooseSignature(subject, options.signingAlgorithms)
    const sign = await keyRing.signer(algorithms, typ)
    const now = clock.now()
    const iat = Math.floor((now - CLOCKS_APART_MS) / 1000)
    const { client, session } = subject
    const ttl = client.lifetimes.accessTokenTtlSeconds ?? options.accessTokenTtlSeconds
    const jittered = Math.ceil(ttl * (1 - JITTER * fraction(random)))
    // An access token does not outlive its session, not even if that is never refreshed.
    const sessionEnd =
      session === undefined ? Infinity : Math.min(session.idleExpiresAt, session.expiresAt)
    const sessionLeft = Math.floor((sessionEnd - now) / 1000)
    const exp = iat + Math.max(1, Math.min(jittered, sessionLeft))
    const jti = drawTokenId(random, now, session?.sid)
    const claims = buildClaims(subject, { issuer, jti, iat, exp })
    const accessToken = sign(claims)
    requireWithinBudget(accessToken.length, claims)
    if (accessToken.length > WARN_BYTES) {
      const { clientId } = client
      options.onLargeToken({ bytes: accessToken.length, clientId, largest: largestClaims(claims) })
    }
    return { accessToken, expiresInSeconds: exp - iat }
  }
}
