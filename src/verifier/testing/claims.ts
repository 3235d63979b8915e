import { drawSid, drawTokenId } from './identifiers.ts'
import type { Instants } from './instants.ts'
import type { TokenOptions } from './token-options.ts'

/** In seconds, as the service's tokens live where nothing else is configured. */
const LIFETIME_SECONDS = 600

/** The claims of a token (RFC 9068 §2.2), as the service puts them together. */
export function buildClaims(
  options: TokenOptions,
  issuer: { issuer: string; audience: string | readonly string[]; instants: Instants },
): Record<string, unknown> {
  const { client_id = 'client-1', roles = [], expiresIn = LIFETIME_SECONDS } = options
  const at = issuer.instants.start()
  const iat = options.issuedAt ?? Math.floor(at / 1000)
  const sid = options.sid === null ? undefined : (options.sid ?? drawSid(at))
  const scope = typeof options.scope === 'string' ? options.scope : options.scope?.join(' ')
  return {
    iss: options.issuer ?? issuer.issuer,
    sub: options.sub ?? (sid === undefined ? client_id : 'user-1'),
    aud: options.audience ?? issuer.audience,
    exp: iat + expiresIn,
    iat,
    jti: drawTokenId(at, sid),
    client_id,
    ...(scope && { scope }),
    ...(roles.length > 0 && { roles }),
    ...(sid !== undefined && { sid, auth_time: iat }),
    ...options.claims,
  }
}
