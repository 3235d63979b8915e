import { hash, timingSafeEqual } from 'node:crypto'

/** The SHA-256 digest, 32 bytes. Enough for values that we drew at random; passwords need argon2. */
export function sha256(value: string | Buffer): Buffer {
  return hash('sha256', value, 'buffer')
}

/** A strong entity tag (RFC 9110 §8.8.3) of a body that never changes without its bytes. */
export function entityTag(body: string): string {
  return `"${sha256(body).toString('base64url').slice(0, 22)}"`
}

/** Whether two byte strings are equal, in a time that does not tell where they differ. */
export function equalInConstantTime(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
