import type { Clock } from '../base/clock.ts'
import { readCompact } from '../jwt/compact.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { isAccessTokenType } from '../oauth/access-token-type.ts'
import type { AccessTokenClaims } from './access-token.ts'

/** Why a token is not one of ours, or no longer good. */
export type Refusal = 'malformed' | 'unknown_key' | 'bad_signature' | 'bad_claims' | 'expired'

export type Judgement =
  | { good: true; claims: AccessTokenClaims }
  | { good: false; refusal: Refusal; claims?: AccessTokenClaims }

/**
 * Judges an access token of ours offline: form, signature, claims and lifetime. An expired one
 * comes with its claims, since it was ours. Asks no database and never throws.
 */
export type JudgeAccessToken = (token: string) => Judgement

export function createJudgeAccessToken(options: {
  issuer: string
  keyRing: KeyRing
  clock: Clock
}): JudgeAccessToken {
  const { issuer, keyRing, clock } = options
  return (token) => {
    const header = readCompact(token)
    if (header === undefined || !isAccessTokenType(header.typ)) {
      return { good: false, refusal: 'malformed' }
    }
    const key = keyRing.find(header.kid)
    if (key === undefined || key.algorithm !== header.alg) {
      return { good: false, refusal: 'unknown_key' }
    }
    const claims = key.verifySignature(token)
    if (claims === undefined) return { good: false, refusal: 'bad_signature' }
    if (!isAccessTokenClaims(claims, issuer)) return { good: false, refusal: 'bad_claims' }
    if (isOfTheFuture(claims, clock.now())) return { good: false, refusal: 'bad_claims' }
    // No tolerance: this is the clock that the token was made by.
    if (claims.exp * 1000 <= clock.now()) return { good: false, refusal: 'expired', claims }
    return { good: true, claims }
  }
}

/**
 * Whether verified claims are those of an access token of this issuer (RFC 9068 §2.2). Ours have no
 * `nbf`: they are good from the moment that they are made.
 */
export function isAccessTokenClaims(
  claims: Record<string, unknown>,
  issuer: string,
): claims is AccessTokenClaims {
  const { iss, sub, aud, exp, iat, jti, client_id, nbf, sid } = claims
  const audiences = Array.isArray(aud) ? aud : [aud]
  return (
    iss === issuer &&
    [sub, jti, client_id, ...audiences].every(isWord) &&
    (sid === undefined || isWord(sid)) &&
    audiences.length > 0 &&
    nbf === undefined &&
    [exp, iat].every((instant) => Number.isSafeInteger(instant) && (instant as number) > 0)
  )
}

/** A lone surrogate is no text: the database would take it for another one. */
function isWord(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.isWellFormed()
}

/** So far a clock may have been ahead of this one when it made a token. In milliseconds. */
const AHEAD_MS = 60_000

/** Whether claims say that their token is yet to be made, at an instant in milliseconds since the epoch. */
export function isOfTheFuture({ iat }: Pick<AccessTokenClaims, 'iat'>, now: number): boolean {
  return iat * 1000 > now + AHEAD_MS
}

/** Whether a token is meant for that audience (RFC 7519 §4.1.3). */
export function isFor(claims: AccessTokenClaims, audience: string): boolean {
  return Array.isArray(claims.aud) ? claims.aud.includes(audience) : claims.aud === audience
}
