import { leadSeconds } from '../../config/key-timing.ts'
import { UnfitKey } from '../../jwt/accept-key.ts'
import type { MasterKeys } from '../master-keys.ts'
import { openKey } from '../open-key.ts'
import { CannotUnseal } from '../seal.ts'
import { isPublished, type SigningKey } from '../signing-key.ts'
import { effectiveKeys, lastExpiry, mayHaveSigned } from './effective.ts'
import { foreseeKeys } from './foresee.ts'
import type { KeySchedule } from './schedule.ts'

/** Whether the private half can be had. */
export type SealState =
  | 'opens'
  /** Nobody asked a master key. */
  | 'unknown'
  /** It is no more. */
  | 'erased'
  | 'closed'

/** A signing key, and what is to be known of it. Instants are milliseconds since the epoch. */
export interface KeyStatus {
  /** As it counts now, whether or not its row says so yet. */
  readonly key: SigningKey
  /** Until when a verifier may take a token that it has signed by now; undefined when none may. */
  readonly tokensLiveUntil: number | undefined
  /** What is to come, if nobody changes anything; undefined of what is over or is not foreseen. */
  readonly planned: {
    readonly signsUntil: number | undefined
    readonly tokensLiveUntil: number | undefined
    readonly withdrawnAt: number | undefined
  }
  readonly seal: SealState
  /** Why it is closed: names key and master key by their ids. */
  readonly sealProblem: string | undefined
}

/**
 * Says what is to be known of each key, oldest first.
 * @param masterKeys what to try to open them with; undefined where there is none at hand
 */
export function toKeyStatus(
  schedule: KeySchedule,
  masterKeys: MasterKeys | undefined,
): KeyStatus[] {
  const { now } = schedule
  const foreseen = new Map(foreseeKeys(schedule).keys.map((key) => [key.kid, key]))
  return effectiveKeys(schedule.keys, now).map((key) => {
    const later = isPublished(key) ? foreseen.get(key.kid) : undefined
    return {
      key,
      tokensLiveUntil: tokensLiveUntil(key, schedule),
      planned: {
        signsUntil: key.signsUntil === undefined ? later?.signsUntil : undefined,
        tokensLiveUntil: later?.signsUntil && lastExpiry(later, later.signsUntil),
        withdrawnAt: later?.withdrawnAt,
      },
      ...openSeal(key, masterKeys),
    }
  })
}

function tokensLiveUntil(key: SigningKey, { now, timing }: KeySchedule): number | undefined {
  if (!mayHaveSigned(key, now)) return undefined
  const expired = lastExpiry(key, now)
  const isRevoked = key.state === 'revoked' && key.withdrawnAt !== undefined
  // Verifiers refuse them as soon as they have fetched the set without the key.
  const refused = isRevoked ? (key.withdrawnAt ?? 0) + leadSeconds(timing) * 1000 : Infinity
  const until = Math.min(expired, refused)
  return until > now ? until : undefined
}

function openSeal(
  key: SigningKey,
  masterKeys: MasterKeys | undefined,
): Pick<KeyStatus, 'seal' | 'sealProblem'> {
  if (key.sealed === undefined) return { seal: 'erased', sealProblem: undefined }
  if (masterKeys === undefined) return { seal: 'unknown', sealProblem: undefined }
  try {
    openKey(key, masterKeys)
    return { seal: 'opens', sealProblem: undefined }
  } catch (error) {
    if (!(error instanceof CannotUnseal || error instanceof UnfitKey)) throw error
    return { seal: 'closed', sealProblem: error.message }
  }
}
