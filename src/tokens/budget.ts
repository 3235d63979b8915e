import { OAuthError } from '../oauth/error.ts'
import { type AccessTokenClaims, buildClaims, type Subject } from './access-token.ts'

/** Above this a token is logged, since proxies cut headers at 4 to 8 KB. In bytes. */
export const WARN_BYTES = 2048
/** Above this a token is not made. In bytes. */
const LIMIT_BYTES = 4096

/** Header and signature of the largest algorithm here, RS256, in base64url. */
const FRAME_BYTES = 500

/** Throws `access_token_too_large`, naming the largest claims, when a token has too many bytes. */
export function requireWithinBudget(bytes: number, claims: AccessTokenClaims): void {
  if (bytes <= LIMIT_BYTES) return
  throw new OAuthError(
    'access_token_too_large',
    `the access token would take ${bytes} bytes, the limit is ${LIMIT_BYTES}; largest claims: ${largestClaims(claims)}`,
  )
}

/**
 * Throws `access_token_too_large` when the tokens of a session would be too large: asked before the
 * session is kept, because a session whose tokens cannot be made helps nobody.
 */
export function requireSessionWithinBudget(subject: Subject, issuer: string): void {
  const claims = buildClaims(subject, { issuer, jti: '0'.repeat(43), iat: 2 ** 31, exp: 2 ** 31 })
  const payload = Buffer.byteLength(JSON.stringify(claims))
  requireWithinBudget(Math.ceil((payload * 4) / 3) + FRAME_BYTES, claims)
}

/** The claims that make a token large, the largest first, for whoever has to shorten them. */
export function largestClaims(claims: AccessTokenClaims): string {
  return Object.entries(claims)
    .map(([name, value]) => ({ name, size: Buffer.byteLength(JSON.stringify(value) ?? '') }))
    .toSorted((a, b) => b.size - a.size)
    .slice(0, 3)
    .map(({ name, size }) => `${name} (${size} bytes)`)
    .join(', ')
}
