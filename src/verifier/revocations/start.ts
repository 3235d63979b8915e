import type { AccessTokenClaims } from '../types.ts'

/**
 * The instant that is in a session's id, in milliseconds since the epoch: the first 48 bits of a version
 * 7 UUID (RFC 9562 §5.7). Undefined when it is no such id.
 */
export function instantOfSession(sid: string): number | undefined {
  if (!UUID_V7.test(sid)) return undefined
  return Number.parseInt(sid.slice(0, 8) + sid.slice(9, 13), 16)
}

/**
 * When a token without a session was made, in milliseconds since the epoch: the first 6 bytes of its
 * `jti`, or else its `iat`, which knows whole seconds only.
 */
export function instantOfToken({ jti, iat }: Pick<AccessTokenClaims, 'jti' | 'iat'>): number {
  if (!TOKEN_ID.test(jti)) return iat * 1000
  let instant = 0
  for (const letter of jti.slice(0, 8)) instant = instant * 64 + ALPHABET.indexOf(letter)
  return instant
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i
/** 22 bytes, of which the last 16 are random. */
const TOKEN_ID = /^[\w-]{30}$/
/** base64url (RFC 4648 §5): eight letters are the six bytes. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
