import type { CryptoKey } from 'jose'
import type { Algorithm } from '../types.ts'
import { ALGORITHM_FACTS } from './algorithms.ts'
import { derOf } from './der.ts'

/** A key of the issuer, ready for use. */
export interface VerifyKey {
  readonly kid: string
  readonly alg: Algorithm
  /** What it was made of: a key that has not changed is not made anew. */
  readonly material: string
  /** Does the signature fit the bytes? At once where it can, never throws. */
  verify(signed: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>
}

// Absent on edge runtimes; asked for in this way, bundlers leave it alone.
const cryptoHere = globalThis.process?.getBuiltinModule?.('node:crypto')

/** How many verifications were begun whose caller has not gone on yet. */
let underWay = 0

/**
 * Makes a key of what jose imported.
 *
 * Measured with ES256 on Node 24 and two cores, for one token after the other and for 32 at a time:
 * `crypto.subtle` 180 and 70 µs, `crypto.verify` 85 and 85 µs. Threads serve many at once, but to
 * hand one token to them costs more than half of its verification. So the first goes at once,
 * and those that come while others are under way go to the threads.
 * @param node node:crypto, where there is one; null forgoes it
 */
export function createVerifyKey(
  facts: Pick<VerifyKey, 'kid' | 'alg' | 'material'>,
  key: CryptoKey,
  node: typeof cryptoHere | null = cryptoHere,
): VerifyKey {
  const { subtle, digest, use, half } = ALGORITHM_FACTS[facts.alg]
  const byThread = (signed: Uint8Array, signature: Uint8Array): Promise<boolean> =>
    crypto.subtle
      .verify(subtle, key, signature as Uint8Array<ArrayBuffer>, signed as Uint8Array<ArrayBuffer>)
      .catch(() => false)
  if (node == null) return { ...facts, verify: byThread }

  const bare = node.KeyObject.from(key)
  // Node takes 20 µs to look at such an object, and none for the key alone.
  const owned = use === undefined ? bare : { key: bare, ...use }
  return {
    ...facts,
    verify(signed, signature) {
      underWay += 1
      if (underWay > 1) return byThread(signed, signature).finally(settled)
      // The caller goes on after this microtask; who comes before that comes at the same time.
      queueMicrotask(settled)
      try {
        const bytes = half === undefined ? signature : derOf(signature, half)
        return bytes !== undefined && node.verify(digest, signed, owned, bytes)
      } catch {
        return false
      }
    },
  }
}

function settled(): void {
  underWay -= 1
}
