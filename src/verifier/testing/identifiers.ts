import { base64url } from 'jose'

/** Bytes of an instant: milliseconds since the epoch, as a UUIDv7 begins (RFC 9562 §5.7). */
const INSTANT_BYTES = 6
const RANDOM_BYTES = 16

/** A `sid` as the service draws it: a UUIDv7, which tells when its session started. */
export function drawSid(at: number): string {
  const bytes = new Uint8Array(16)
  crypto.getRandomValues(bytes)
  bytes.set(bytesOfInstant(at))
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f)
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/**
 * A `jti` as the service draws it: 128 random bits after the `sid`, or, of a token without a session,
 * after the instant (milliseconds since the epoch) at which it was issued.
 */
export function drawTokenId(at: number, sid: string | undefined): string {
  const first = sid === undefined ? bytesOfInstant(at) : bytesOfSid(sid)
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES))
  const bytes = new Uint8Array(first.length + RANDOM_BYTES)
  bytes.set(first)
  bytes.set(random, first.length)
  return base64url.encode(bytes)
}

function bytesOfInstant(at: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(at))
  return new Uint8Array(view.buffer).subarray(8 - INSTANT_BYTES)
}

/** Of a `sid` that is no UUID, as a test may choose one, the bytes are those of its text. */
function bytesOfSid(sid: string): Uint8Array {
  const hex = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(sid) ? sid.replaceAll('-', '') : ''
  if (hex === '') return new TextEncoder().encode(sid)
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}
