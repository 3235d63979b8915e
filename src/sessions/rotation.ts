import type { EndReason } from '../audit/event.ts'
import type { Session } from './session.ts'

/** How patient a refresh is. Lengths in seconds. */
export interface RotationPolicy {
  /** The predecessor of the current value gets the same successor again for so long. */
  readonly retryWindowSeconds: number
  /** A lost answer can be recovered for so long. */
  readonly recoveryWindowSeconds: number
  /** Whether a late retry without an Idempotency-Key is believed at all. */
  readonly recovery: 'allow' | 'deny'
  /** Whether a value newer than the row is believed: the database was restored to an earlier point. */
  readonly acceptAhead: boolean
}

/** The part of a session's row that a rotation turns on. */
export interface RotationState {
  readonly generation: number
  /** When the last rotation was. */
  readonly rotatedAt: number | undefined
  /** Hash of the Idempotency-Key of the last rotation. */
  readonly attemptHash: Buffer | undefined
  readonly recoveries: number
  /** When the count of recoveries began. */
  readonly recoveriesSince: number | undefined
}

/** What a caller presented. */
export interface Presented {
  readonly generation: number
  readonly clientId: string
  readonly attemptHash: Buffer | undefined
  /** Whether all pages of a browser present one value, as they do a cookie. */
  readonly isShared: boolean
  /** The scope and audiences the request names; empty when it names none. */
  readonly scope: readonly string[]
  readonly resources: readonly string[]
}

export type Decision =
  | { outcome: 'unknown' }
  | { outcome: 'wrong_client' }
  | { outcome: 'ended'; reason: EndReason }
  | { outcome: 'expired'; end: 'idle' | 'max' }
  /** With what is too much. */
  | { outcome: 'exceeds_grant'; scope: string[]; resources: string[] }
  | { outcome: 'current' }
  /** The current value, which stays so until the retry window of the last rotation ends. */
  | { outcome: 'held' }
  | { outcome: 'retried' }
  | { outcome: 'recovered'; recoveries: number; recoveriesSince: number }
  | { outcome: 'reused' }
  | { outcome: 'stale' }
  | { outcome: 'ahead' }

/** So many lost answers of one session are believed in {@link RECOVERY_PERIOD_MS}. */
const RECOVERY_BUDGET = 2
const RECOVERY_PERIOD_MS = 24 * 3_600_000

/** Up to so far behind, within the retry window, a value is an old tab and no theft. */
const STALE_DISTANCE = 3

/**
 * Decides what a refresh is that the rotating statement did not match. Pure: the same row, value and
 * time always get the same answer.
 *
 * A distance of one means that the successor has not been used yet (had it been, the distance would
 * be two), so handing it out again forks nothing. The budget bounds what a thief who holds a
 * predecessor can do: sharing the chain spends a recovery at every turn.
 * @param found the session of the value's handle, if there is one
 * @param now milliseconds since the epoch
 */
export function decide(
  found: { session: Session; state: RotationState } | undefined,
  presented: Presented,
  policy: RotationPolicy,
  now: number,
): Decision {
  if (found === undefined) return { outcome: 'unknown' }
  const { session, state } = found
  if (session.clientId !== presented.clientId) return { outcome: 'wrong_client' }
  if (session.ended !== undefined) return { outcome: 'ended', reason: session.ended.reason }
  if (session.expiresAt <= now) return { outcome: 'expired', end: 'max' }
  if (session.idleExpiresAt <= now) return { outcome: 'expired', end: 'idle' }
  // Judged before the value is: a request that cannot be granted costs the session nothing.
  const scope = excessOf(presented.scope, session.scope)
  const resources = excessOf(presented.resources, session.audience)
  if (scope.length > 0 || resources.length > 0) {
    return { outcome: 'exceeds_grant', scope, resources }
  }
  const distance = state.generation - presented.generation
  if (distance === 0) return { outcome: isHeld(state, presented, policy, now) ? 'held' : 'current' }
  if (distance < 0) return { outcome: policy.acceptAhead ? 'ahead' : 'unknown' }
  // Its last use was a rotation, or a recovery: each begins a retry window.
  const sinceUse = now - session.lastUsedAt
  const isRecent = policy.retryWindowSeconds > 0 && sinceUse <= policy.retryWindowSeconds * 1000
  if (distance === 1) {
    return isRecent ? { outcome: 'retried' } : decideLate(state, presented, policy, now)
  }
  return { outcome: isRecent && distance <= STALE_DISTANCE ? 'stale' : 'reused' }
}

/**
 * Whether a shared value is not to be rotated yet. A browser keeps the cookie of whichever answer
 * comes last, and that may be one that was overtaken: as long as answers may still be on their way,
 * they must all hold the same value.
 */
function isHeld(
  { rotatedAt }: RotationState,
  { isShared }: Presented,
  policy: RotationPolicy,
  now: number,
): boolean {
  const windowMs = policy.retryWindowSeconds * 1000
  return isShared && rotatedAt !== undefined && now - rotatedAt < windowMs
}

/** The predecessor, after the retry window. */
function decideLate(
  state: RotationState,
  presented: Presented,
  policy: RotationPolicy,
  now: number,
): Decision {
  const age = now - (state.rotatedAt ?? Number.NEGATIVE_INFINITY)
  if (age > policy.recoveryWindowSeconds * 1000) return { outcome: 'reused' }
  if (presented.attemptHash !== undefined && state.attemptHash !== undefined) {
    // The caller proved that it repeats the rotation's own request, or that it does not.
    return { outcome: presented.attemptHash.equals(state.attemptHash) ? 'retried' : 'reused' }
  }
  if (policy.recovery === 'deny') return { outcome: 'reused' }
  const since = state.recoveriesSince
  if (since === undefined || now - since >= RECOVERY_PERIOD_MS) {
    return { outcome: 'recovered', recoveries: 1, recoveriesSince: now }
  }
  if (state.recoveries >= RECOVERY_BUDGET) return { outcome: 'reused' }
  return { outcome: 'recovered', recoveries: state.recoveries + 1, recoveriesSince: since }
}

function excessOf(values: readonly string[], allowed: readonly string[]): string[] {
  return values.filter((value) => !allowed.includes(value))
}
