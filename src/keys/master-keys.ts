import { hkdfSync } from 'node:crypto'
import type { MasterKey } from '../config/master-keys.ts'

/** What a key derived from a master key is for; each purpose has a key of its own. */
export type Purpose = 'refresh-token' | 'signing-key' | 'cursor'

/**
 * The list of master keys. The first issues and encrypts, all of them verify and decrypt, so that
 * one can be replaced while tokens and rows made under the old one still live.
 */
export interface MasterKeys {
  /** The id of the first key. */
  readonly first: number
  /** The 32-byte key of a purpose under the master key of that id (HKDF-SHA-256, RFC 5869). */
  derive(id: number, purpose: Purpose): Buffer | undefined
}

/** Derives every key once, at start. Throws when the list is empty. */
export function createMasterKeys(list: readonly MasterKey[]): MasterKeys {
  const [first] = list
  if (first === undefined) throw new Error('there is no master key')
  const derived = new Map(list.map(({ id, key }) => [id, derivePurposes(key)]))
  return {
    first: first.id,
    derive: (id, purpose) => derived.get(id)?.[purpose],
  }
}

function derivePurposes(key: Buffer): Record<Purpose, Buffer> {
  const derive = (purpose: Purpose) =>
    Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `mintmark ${purpose} v1`, 32))
  return {
    'refresh-token': derive('refresh-token'),
    'signing-key': derive('signing-key'),
    cursor: derive('cursor'),
  }
}
