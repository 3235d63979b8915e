import { bytesOfUuid, decodeBase64url, uuidOfBytes } from '../base/encoding.ts'
import type { Random } from '../base/random.ts'

/** 128 random bits, after what the token is of. */
const RANDOM_BYTES = 16
const SID_BYTES = 16
const INSTANT_BYTES = 6

/**
 * Draws the `jti` of an access token (RFC 7519 §4.1.7). Of a session's token it begins with the `sid`,
 * which the token tells anyway: so a `jti` leads to its session, and no row a token is needed for it.
 * Of a token without a session it begins with `at` (milliseconds since the epoch), as `iat` is in whole
 * seconds: too coarse to tell what was issued just before a cut-off from what was just after.
 */
export function drawTokenId(random: Random, at: number, sid: string | undefined): string {
  const first = sid === undefined ? bytesOfInstant(at) : bytesOfUuid(sid)
  return Buffer.concat([first, random.bytes(RANDOM_BYTES)]).toString('base64url')
}

/** The `sid` that a `jti` begins with; undefined for one of a token without a session, or of others. */
export function sidOf(jti: string): string | undefined {
  const bytes = decodeBase64url(jti)
  if (bytes?.length !== SID_BYTES + RANDOM_BYTES) return undefined
  return uuidOfBytes(bytes.subarray(0, SID_BYTES))
}

/** When the token of a `jti` was issued, if it begins with that; in milliseconds since the epoch. */
export function instantOf(jti: string): number | undefined {
  const bytes = decodeBase64url(jti)
  if (bytes?.length !== INSTANT_BYTES + RANDOM_BYTES) return undefined
  return bytes.readUIntBE(0, INSTANT_BYTES)
}

function bytesOfInstant(at: number): Buffer {
  const bytes = Buffer.alloc(INSTANT_BYTES)
  bytes.writeUIntBE(at, 0, INSTANT_BYTES)
  return bytes
}
