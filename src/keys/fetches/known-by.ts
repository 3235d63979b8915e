import { REPLICA_LAG_SECONDS } from '../../config/key-timing.ts'
import type { Verifier } from './count.ts'

/** Of the verifiers that are known: those that have a key, and those that may not. */
export interface KnownBy {
  readonly have: readonly Verifier[]
  readonly lack: readonly Verifier[]
}

/**
 * Who has fetched the JWKS since a key was published, and who of those seen since `seenSince` has not:
 * "7 of 8 known verifiers have the new key". A fetch in the first seconds does not count, as the
 * replica that answered it may not have known the key. A verifier behind a cache or a proxy is seen as
 * that one's address. All instants in milliseconds since the epoch.
 */
export function knownBy(
  verifiers: readonly Verifier[],
  publishedAt: number,
  seenSince: number,
): KnownBy {
  const from = publishedAt + REPLICA_LAG_SECONDS * 1000
  const known = verifiers.filter(({ lastAt }) => lastAt >= seenSince)
  return {
    have: known.filter(({ lastAt }) => lastAt >= from),
    lack: known.filter(({ lastAt }) => lastAt < from),
  }
}
