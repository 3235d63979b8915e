import { createHash } from 'node:crypto'
import type { Random } from '../../src/base/random.ts'

/** Bytes that look random and are the same in every run of the same seed. */
export function createSeededRandom(seed: string): Random {
  let block = 0
  return {
    bytes(length) {
      const parts: Buffer[] = []
      for (let size = 0; size < length; size += 32) {
        parts.push(createHash('sha256').update(`${seed} ${block}`).digest())
        block += 1
      }
      return Buffer.concat(parts).subarray(0, length)
    },
  }
}
