import { REPLICA_LAG_SECONDS } from '../../config/key-timing.ts'
import { hasSigned, isDue } from '../life-cycle.ts'
import type { SigningKey } from '../signing-key.ts'

/**
 * The keys as they count at an instant, which the rows say a moment later: a next key that is due
 * signs, and its predecessor has stopped. Replicas go by the same.
 * @param now in milliseconds since the epoch
 */
export function effectiveKeys(keys: readonly SigningKey[], now: number): SigningKey[] {
  return keys.map((key) => {
    const due = keys.find((one) => one.algorithm === key.algorithm && isDue(one, now))
    if (due === undefined) return key
    if (key.kid === due.kid) return { ...key, state: 'active' as const }
    if (key.state !== 'active') return key
    return { ...key, state: 'retiring' as const, signsUntil: due.signsFrom }
  })
}

/**
 * Whether any replica may have signed with a key by an instant: one that has not noticed that it was
 * withdrawn goes by what it has read for a moment.
 * @param now in milliseconds since the epoch
 */
export function mayHaveSigned(key: SigningKey, now: number): boolean {
  const { withdrawnAt } = key
  if (withdrawnAt === undefined) return hasSigned(key, now)
  return hasSigned({ ...key, withdrawnAt: withdrawnAt + REPLICA_LAG_SECONDS * 1000 }, now)
}

/** When the last token expires that a key has signed by now. In milliseconds since the epoch. */
export function lastExpiry(key: SigningKey, now: number): number {
  const stopped = key.signsUntil ?? key.withdrawnAt
  // A replica that had not noticed signed on for a moment.
  const last = stopped === undefined ? now : stopped + REPLICA_LAG_SECONDS * 1000
  return last + key.tokenTtlSeconds * 1000
}
