import { decodeBase64url } from '../base/encoding.ts'
import { equalInConstantTime } from '../base/hash.ts'
import type { Reader, Reading } from './readers.ts'

/** A key that encrypts what the database keeps secret, and the number that ciphertexts name it by. */
export interface MasterKey {
  readonly id: number
  /** `retired` of a key that was taken out for good: what it made is of no use any more. */
  readonly key: Buffer | typeof RETIRED
}

const RETIRED = 'retired'

const KEY_BYTES = 32
const PLACEHOLDER = /change.?me|secret|example|placeholder|password|default/i

/**
 * Reads a comma-separated list of `id:base64` or, but for the first, `id:retired`. Problems name the
 * entry by its place in the list and its id, and never show any part of the key.
 */
export const masterKeyList: Reader<readonly MasterKey[]> = (text) => {
  const keys: MasterKey[] = []
  const faults: string[] = []
  for (const [index, entry] of text.split(',').entries()) {
    const reading = readEntry(entry.trim(), keys)
    if ('value' in reading) keys.push(reading.value)
    else faults.push(`entry ${index + 1}${idOf(entry)} ${reading.problem}`)
  }
  return faults.length === 0 ? { value: Object.freeze(keys) } : { problem: faults.join('; ') }
}

/** The id that an entry is known by elsewhere, where it has one: no secret, but only if it is one. */
function idOf(entry: string): string {
  const [, id] = /^\s*([1-9][0-9]{0,2}):/.exec(entry) ?? []
  return Number(id) <= 255 ? ` (id ${id})` : ''
}

function readEntry(entry: string, earlier: readonly MasterKey[]): Reading<MasterKey> {
  const colon = entry.indexOf(':')
  const idText = entry.slice(0, Math.max(colon, 0))
  const keyText = entry.slice(colon + 1)
  if (PLACEHOLDER.test(keyText)) return { problem: 'is a placeholder, not a key' }
  const id = Number(idText)
  if (!/^[1-9][0-9]{0,2}$/.test(idText) || id > 255) {
    return { problem: 'must start with a number from 1 to 255 and a colon' }
  }
  if (earlier.some((other) => other.id === id)) return { problem: 'repeats an earlier id' }
  if (keyText === RETIRED) {
    return earlier.length === 0
      ? { problem: 'is retired, but the first key is the one that issues and encrypts' }
      : { value: Object.freeze({ id, key: RETIRED }) }
  }
  const key = decodeBase64url(keyText.replaceAll('+', '-').replaceAll('/', '_').replace(/=$/, ''))
  if (key?.length !== KEY_BYTES) {
    return { problem: `must have a key of exactly ${KEY_BYTES} bytes in base64` }
  }
  if (!looksRandom(key)) return { problem: 'has a key that was not drawn at random' }
  if (earlier.some((other) => other.key !== RETIRED && equalInConstantTime(other.key, key))) {
    return { problem: 'repeats an earlier key' }
  }
  return { value: Object.freeze({ id, key }) }
}

/**
 * Refuses what people type: text, one byte repeated, a short pattern, a count upwards. Of 32 random
 * bytes about 30 are distinct, and so are the steps between them; fewer than 16 does not happen.
 */
function looksRandom(key: Buffer): boolean {
  const bytes = [...key]
  const steps = bytes.slice(1).map((byte, index) => (byte - (bytes[index] ?? 0)) & 0xff)
  const isText = bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
  return !isText && new Set(bytes).size >= 16 && new Set(steps).size >= 16
}
