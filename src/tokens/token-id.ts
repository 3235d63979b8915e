import { bytesOfUuid, decodeBase64url, uuidOfBytes } from '../base/encoding.ts'
import type { Random } from '../base/random.ts'

/** 128 random bits, after the session's id where there is a session. */
const RANDOM_BYTES = 16
const SID_BYTES = 16

/**
 * Draws the `jti` of an access token (RFC 7519 §4.1.7). Of a session's token it begins with the `sid`,
 * which the token tells anyway: so a `jti` leads to its session, and no row a token is needed for it.
 */
export function drawTokenId(random: Random, sid: string | undefined): string {
  const drawn = random.bytes(RANDOM_BYTES)
  return Buffer.concat([sid === undefined ? Buffer.alloc(0) : bytesOfUuid(sid), drawn]).toString(
    'base64url',
  )
}

/** The `sid` that a `jti` begins with; undefined for one of a token without a session, or of others. */
export function sidOf(jti: string): string | undefined {
  const bytes = decodeBase64url(jti)
  if (bytes?.length !== SID_BYTES + RANDOM_BYTES) return undefined
  return uuidOfBytes(bytes.subarray(0, SID_BYTES))
}
