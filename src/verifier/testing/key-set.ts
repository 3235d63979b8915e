import type { JWK } from 'jose'
import type { Algorithm } from '../types.ts'
import { createSigningKey, type SigningKey } from './signing-key.ts'

/** The keys of a test issuer. */
export interface KeySet {
  /** The key that signs by this algorithm; made and published when it is asked for the first time. */
  signer(alg: Algorithm): Promise<SigningKey>
  /** A new key signs from now on; the one before stays published, unless it is to be dropped. */
  rotate(alg: Algorithm, drop: boolean): Promise<SigningKey>
  /** Takes a key back, as after a leak; another one signs when it was the one that did. */
  withdraw(kid: string): Promise<void>
  /** As they are published. */
  jwks(): { keys: JWK[] }
}

/** Makes the first key, of `alg`. */
export async function createKeySet(alg: Algorithm): Promise<KeySet> {
  let published = [await createSigningKey(alg)]
  const newest = (wanted: Algorithm) => published.findLast((key) => key.alg === wanted)

  async function add(wanted: Algorithm): Promise<SigningKey> {
    const key = await createSigningKey(wanted)
    published = [...published, key]
    return key
  }

  return {
    signer: async (wanted) => newest(wanted) ?? add(wanted),
    async rotate(wanted, drop) {
      const before = newest(wanted)
      const key = await add(wanted)
      if (drop) published = published.filter((one) => one !== before)
      return key
    },
    async withdraw(kid) {
      const key = published.find((one) => one.kid === kid)
      if (key === undefined) return
      if (newest(key.alg) === key) await add(key.alg)
      published = published.filter((one) => one !== key)
    },
    jwks: () => ({ keys: published.map(({ jwk }) => jwk) }),
  }
}
