import { crc32 } from 'node:zlib'
import { base62 } from '../base/encoding.ts'
import { sha256 } from '../base/hash.ts'
import type { Random } from '../base/random.ts'

/**
 * A new client secret: `mm_cs_`, 256 random bits and a checksum, so that secret scanners know one
 * when they see it. It is shown once; only its SHA-256 is kept, which is enough because it was drawn
 * and not thought up.
 */
export function drawClientSecret(random: Random): { secret: string; hash: Buffer } {
  const body = `mm_cs_${random.bytes(32).toString('base64url')}`
  const secret = `${body}${base62(crc32(body))}`
  return { secret, hash: sha256(secret) }
}
