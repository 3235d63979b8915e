import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { MasterKey } from '../config/master-keys.ts'

/** What a key derived from a master key is for; each purpose has a key of its own. */
export type Purpose = 'refresh-token' | 'signing-key' | 'cursor' | 'jwks-snapshot'

/**
 * The list of master keys. The first issues and encrypts, all of them verify and decrypt, so that
 * one can be replaced while tokens and rows made under the old one still live.
 */
export interface MasterKeys {
  /** The id of the first key. */
  readonly first: number
  /**
   * The 32-byte key of a purpose under the master key of that id (HKDF-SHA-256, RFC 5869); undefined
   * unless the list holds the key.
   */
  derive(id: number, purpose: Purpose): KeyObject | undefined
  /** Whether the list says of that id that its key was taken out for good. */
  isRetired(id: number): boolean
}

/**
 * The list says nothing of a master key. Another replica's may hold it, so nothing is decided about
 * what was made under it.
 */
export class MasterKeyMissing extends Error {
  override readonly name = 'MasterKeyMissing'
  readonly id: number

  constructor(id: number) {
    super(
      `MASTER_KEYS holds no key with id ${id}, under which a refresh token was made: add the key, or ${id}:retired when it was taken out for good`,
    )
    this.id = id
  }
}

/** Derives every key once, at start. Throws when the list is empty or begins with a retired key. */
export function createMasterKeys(list: readonly MasterKey[]): MasterKeys {
  const [first] = list
  if (first === undefined) throw new Error('there is no master key')
  if (first.key === 'retired') throw new Error('the first master key is retired')
  const derived = new Map(
    list.map(({ id, key }) => [id, key === 'retired' ? key : derivePurposes(key)]),
  )
  return {
    first: first.id,
    derive(id, purpose) {
      const keys = derived.get(id)
      return keys === 'retired' ? undefined : keys?.[purpose]
    },
    isRetired: (id) => derived.get(id) === 'retired',
  }
}

function derivePurposes(key: Buffer): Record<Purpose, KeyObject> {
  // Made into keys once: given as bytes, each MAC would cost several times as much.
  const derive = (purpose: Purpose) =>
    createSecretKey(
      Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `mintmark ${purpose} v1`, 32)),
    )
  return {
    'refresh-token': derive('refresh-token'),
    'signing-key': derive('signing-key'),
    cursor: derive('cursor'),
    'jwks-snapshot': derive('jwks-snapshot'),
  }
}
