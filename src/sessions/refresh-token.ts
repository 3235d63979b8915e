import { createHmac } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { base62, base64url, decodeBase64url } from '../base/encoding.ts'
import { equalInConstantTime, sha256 } from '../base/hash.ts'
import type { Random } from '../base/random.ts'
import { MasterKeyMissing, type MasterKeys } from '../keys/master-keys.ts'

/**
 * A refresh token's value:
 *
 *     mm_rt_ base64url( version 1 | key id 1 | handle 16 | generation 4 | mac 16 ) crc32
 *
 * The handle is drawn once a session and kept nowhere but in the value; the database knows its hash.
 * The mac is over all before it, so the successor of a value is computed and always the same, and
 * every predecessor is known as one without having been stored. Prefix and checksum are for secret
 * scanners and typing errors; they are no security.
 */
export interface RefreshToken {
  /** As it was presented. */
  readonly value: string
  /** SHA-256 of the handle: how the session is found. */
  readonly handleHash: Buffer
  /** How often the session had rotated when this value was made; 0 at its start. */
  readonly generation: number
  /** The value that follows this one. */
  successor(): string
}

/** Makes and reads refresh token values under the master keys. */
export interface RefreshTokens {
  /** The first value of a new session. */
  draw(): { value: string; handleHash: Buffer }
  /**
   * Reads a value by arithmetic alone; undefined unless this service made it, and of one that was made
   * under a retired master key. Throws MasterKeyMissing on one that a replica with another list may
   * have made.
   */
  parse(value: string): RefreshToken | undefined
}

const PREFIX = 'mm_rt_'
const VERSION = 1
const HANDLE_AT = 2
const GENERATION_AT = 18
const MAC_AT = 22
const LENGTH = 38
const CHECKSUM_CHARACTERS = 6
const VALUE_CHARACTERS = PREFIX.length + Math.ceil((LENGTH * 4) / 3) + CHECKSUM_CHARACTERS

export function createRefreshTokens(options: {
  masterKeys: MasterKeys
  random: Random
}): RefreshTokens {
  const { masterKeys, random } = options
  const compose = (handle: Buffer, generation: number): string => {
    const bytes = Buffer.alloc(LENGTH)
    bytes[0] = VERSION
    bytes[1] = masterKeys.first
    handle.copy(bytes, HANDLE_AT)
    bytes.writeUInt32BE(generation, GENERATION_AT)
    mac(masterKeys, masterKeys.first, bytes)?.copy(bytes, MAC_AT)
    const text = `${PREFIX}${base64url(bytes)}`
    return `${text}${base62(crc32(text))}`
  }
  return {
    draw() {
      const handle = random.bytes(16)
      return { value: compose(handle, 0), handleHash: sha256(handle) }
    },
    parse(value) {
      const bytes = readBytes(value)
      if (bytes === undefined) return undefined
      const expected = mac(masterKeys, bytes[1] as number, bytes)
      if (expected === undefined || !equalInConstantTime(bytes.subarray(MAC_AT), expected)) {
        return undefined
      }
      const handle = bytes.subarray(HANDLE_AT, GENERATION_AT)
      const generation = bytes.readUInt32BE(GENERATION_AT)
      return {
        value,
        handleHash: sha256(handle),
        generation,
        successor: () => compose(handle, generation + 1),
      }
    },
  }
}

/**
 * What can be said of a refresh token's value without a key and without telling its handle: which
 * master key made it, and how often the session had rotated. Proves nothing; undefined when the
 * form or the checksum is wrong.
 */
export function describeRefreshToken(
  value: string,
): { version: number; masterKeyId: number; generation: number } | undefined {
  const bytes = readBytes(value)
  if (bytes === undefined) return undefined
  return {
    version: VERSION,
    masterKeyId: bytes[1] as number,
    generation: bytes.readUInt32BE(GENERATION_AT),
  }
}

function readBytes(value: string): Buffer | undefined {
  if (value.length !== VALUE_CHARACTERS || !value.startsWith(PREFIX)) return undefined
  const text = value.slice(0, -CHECKSUM_CHARACTERS)
  if (value.slice(-CHECKSUM_CHARACTERS) !== base62(crc32(text))) return undefined
  const bytes = decodeBase64url(text.slice(PREFIX.length))
  // No master key has the id 0.
  const isOurs = bytes?.length === LENGTH && bytes[0] === VERSION && bytes[1] !== 0
  return isOurs ? bytes : undefined
}

/** HMAC-SHA-256 (RFC 2104) cut to 128 bits; undefined under a retired key. Throws MasterKeyMissing. */
function mac(masterKeys: MasterKeys, keyId: number, bytes: Buffer): Buffer | undefined {
  const key = masterKeys.derive(keyId, 'refresh-token')
  if (key === undefined) {
    if (masterKeys.isRetired(keyId)) return undefined
    throw new MasterKeyMissing(keyId)
  }
  const digest = createHmac('sha256', key).update(bytes.subarray(0, MAC_AT)).digest()
  return digest.subarray(0, LENGTH - MAC_AT)
}
