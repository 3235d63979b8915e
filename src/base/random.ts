import { randomFillSync } from 'node:crypto'
import { uuidOfBytes } from './encoding.ts'

/** The one source of randomness, a parameter like the clock, so tests can seed it. */
export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Buffer
}

/** Drawn at once: a draw of a few bytes costs nearly as much as one of many. */
const POOL_BYTES = 4096

let pool = Buffer.alloc(0)

export const systemRandom: Random = {
  bytes(length) {
    if (length > POOL_BYTES) return randomFillSync(Buffer.alloc(length))
    if (length > pool.length) pool = randomFillSync(Buffer.alloc(POOL_BYTES))
    // Each byte is given out once, in a pool that nobody writes to again.
    const bytes = pool.subarray(0, length)
    pool = pool.subarray(length)
    return bytes
  },
}

/**
 * A version 7 UUID (RFC 9562 §5.7): its first 48 bits are `at` (milliseconds since the epoch), so
 * rows made together lie together in the index. Made here and not by `crypto.randomUUIDv7()`
 * because that reads the ambient clock.
 * @param sequence 0 to 4095: in the place of 12 random bits, it orders what is made in one millisecond
 *   (RFC 9562 §6.2, method 1)
 */
export function uuidV7(at: number, random: Random, sequence?: number): string {
  const bytes = Buffer.alloc(16)
  bytes.writeUIntBE(at, 0, 6)
  random.bytes(10).copy(bytes, 6)
  if (sequence !== undefined) bytes.writeUInt16BE(sequence, 6)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  return uuidOfBytes(bytes)
}

/** A number in [0, 1) with 32 bits of resolution. */
export function fraction(random: Random): number {
  return random.bytes(4).readUInt32BE(0) / 2 ** 32
}
