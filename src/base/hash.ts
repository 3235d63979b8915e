import { createHash, timingSafeEqual } from 'node:crypto'

/** The SHA-256 digest, 32 bytes. Enough for values that we drew at random; passwords need argon2. */
export function sha256(value: string | Buffer): Buffer {
  return createHash('sha256').update(value).digest()
}

/** Whether two byte strings are equal, in a time that does not tell where they differ. */
export function equalInConstantTime(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
