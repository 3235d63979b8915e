import {
  CLOCK_SKEW_SECONDS,
  jwksMaxAge,
  leadSeconds,
  REPLICA_LAG_SECONDS,
} from '../../config/key-timing.ts'
import type { Algorithm } from '../../jwt/algorithms.ts'
import type { SigningKey } from '../signing-key.ts'
import { lastExpiry, mayHaveSigned } from './effective.ts'
import type { KeySchedule } from './schedule.ts'
import type { Choosers } from './store.ts'

/** Whom the revocation of a key reaches, and when. Instants are milliseconds since the epoch. */
export interface Reach {
  /** What dies: every token that it signed and that lives. Undefined when there is none. */
  readonly tokens:
    | {
        readonly signedFrom: number
        /** A replica that has not noticed signs on for a moment. */
        readonly signedUntil: number
        /** When the last of them would have expired. */
        readonly wouldLiveUntil: number
      }
    | undefined
  /** Whether it signs for all who name no other algorithm. */
  readonly isDefault: boolean
  /** The ids of the clients that name its algorithm, and their audiences which do. */
  readonly named: { readonly clients: readonly string[]; readonly audiences: readonly string[] }
  /** The ids of those that name another one. */
  readonly others: { readonly clients: readonly string[]; readonly audiences: readonly string[] }
  /** When our own endpoints refuse what it signed: every replica has noticed. */
  readonly refusedHereFrom: number
  /** When a verifier does that keeps the JWKS no longer than its max-age. */
  readonly refusedByMaxAgeFrom: number
  /** When every verifier does, at the latest. */
  readonly refusedEverywhereFrom: number
}

/**
 * Whom it reaches if the key is revoked now, or whom it has reached if it was withdrawn before.
 * @param key as it counts now, before it is revoked
 */
export function reachOf(
  key: SigningKey,
  schedule: KeySchedule,
  choosers: Choosers,
  defaultAlgorithm: Algorithm | undefined,
): Reach {
  const { now, timing } = schedule
  const withdrawn = key.withdrawnAt ?? now
  const noticed = withdrawn + REPLICA_LAG_SECONDS * 1000
  const signsUntil = key.signsUntil ?? withdrawn
  const signedUntil = signsUntil + REPLICA_LAG_SECONDS * 1000
  const wouldLiveUntil = lastExpiry({ ...key, signsUntil }, now)
  // A next key whose turn comes before every replica has noticed is signed with by those that have not.
  const isAny = mayHaveSigned(key, noticed) && key.state !== 'revoked' && wouldLiveUntil > now
  const tokens = isAny ? { signedFrom: key.signsFrom, signedUntil, wouldLiveUntil } : undefined
  const fetched = withdrawn + leadSeconds(timing) * 1000
  const expired = wouldLiveUntil + CLOCK_SKEW_SECONDS * 1000
  const pick = (isWanted: (algorithm: Algorithm) => boolean) => ({
    clients: choosers.clients.filter((one) => isWanted(one.algorithm)).map(({ name }) => name),
    audiences: choosers.audiences.filter((one) => isWanted(one.algorithm)).map(({ name }) => name),
  })
  return {
    tokens,
    isDefault: key.algorithm === defaultAlgorithm,
    named: pick((algorithm) => algorithm === key.algorithm),
    others: pick((algorithm) => algorithm !== key.algorithm),
    refusedHereFrom: noticed,
    refusedByMaxAgeFrom: Math.min(noticed + jwksMaxAge(timing) * 1000, expired),
    refusedEverywhereFrom: Math.min(fetched, expired),
  }
}
