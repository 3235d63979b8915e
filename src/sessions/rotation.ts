import type { EndReason } from '../audit/event.ts'
import { sha256 } from '../base/hash.ts'
import type { CutOff } from '../revocations/cut-off.ts'
import type { Session } from './session.ts'

/** How patient a refresh is, by the configuration and the client. Lengths in seconds. */
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
  /** {@link hashRequest} of the last rotation. */
  readonly requestHash: Buffer | undefined
  readonly recoveries: number
  /** When the count of recoveries began. */
  readonly recoveriesSince: number | undefined
  /** Retries of the last rotation, and of all before it. */
  readonly retries: number
  readonly retriesBefore: number
  /** Refusals that were written down, and since when they are counted. */
  readonly refusals: number
  readonly refusalsSince: number | undefined
}

/** What a caller presented. */
export interface Presented {
  readonly generation: number
  readonly clientId: string
  /** Ends the client's sessions that started before it. */
  readonly cutOff: CutOff | undefined
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
  /** Believed because it came soon, or because it has the rotation's own Idempotency-Key. */
  | { outcome: 'retried'; proof: 'window' | 'key' }
  /** What would be a retry, but asks for something else than what it would be a retry of. */
  | { outcome: 'mismatched' }
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
  const { session } = found
  if (session.clientId !== presented.clientId) return { outcome: 'wrong_client' }
  if (session.ended !== undefined) return { outcome: 'ended', reason: session.ended.reason }
  const { cutOff } = presented
  if (cutOff !== undefined && session.createdAt < cutOff.notBefore) {
    return { outcome: 'ended', reason: cutOff.reason }
  }
  if (Math.min(session.idleExpiresAt, session.expiresAt) <= now) {
    // Whichever came first ended it, however long ago that was.
    const isIdle = session.idleExpiresAt < session.expiresAt
    return { outcome: 'expired', end: isIdle ? 'idle' : 'max' }
  }
  const decision = decideValue(found, presented, policy, now)
  if (decision.outcome === 'retried' || decision.outcome === 'recovered') {
    return isSameRequest(found, presented) ? decision : { outcome: 'mismatched' }
  }
  // A request that cannot be granted costs the session nothing, whatever its value is.
  const scope = excessOf(presented.scope, session.scope)
  const resources = excessOf(presented.resources, session.audience)
  if (scope.length === 0 && resources.length === 0) return decision
  return { outcome: 'exceeds_grant', scope, resources }
}

/** Decides by the value alone, of a session that lives. */
function decideValue(
  { session, state }: { session: Session; state: RotationState },
  presented: Presented,
  policy: RotationPolicy,
  now: number,
): Decision {
  const distance = state.generation - presented.generation
  if (distance === 0) return { outcome: isHeld(state, presented, policy, now) ? 'held' : 'current' }
  if (distance < 0) return { outcome: policy.acceptAhead ? 'ahead' : 'unknown' }
  // Its last use was a rotation, or a recovery: each begins a retry window.
  const sinceUse = now - session.lastUsedAt
  const isRecent = policy.retryWindowSeconds > 0 && sinceUse <= policy.retryWindowSeconds * 1000
  if (distance === 1) {
    return isRecent
      ? { outcome: 'retried', proof: 'window' }
      : decideLate(state, presented, policy, now)
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
    const isOwn = presented.attemptHash.equals(state.attemptHash)
    return isOwn ? { outcome: 'retried', proof: 'key' } : { outcome: 'reused' }
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

/**
 * A hash of what a request asks for beside the token: its scope and resources, in any order and
 * however often each is named; undefined when it names neither.
 */
export function hashRequest(
  scope: readonly string[],
  resources: readonly string[],
): Buffer | undefined {
  if (scope.length === 0 && resources.length === 0) return undefined
  const sets = [scope, resources].map((named) => [...new Set(named)].sort())
  return sha256(JSON.stringify(sets)).subarray(0, 16)
}

/**
 * Whether a request asks for what the last rotation was asked for. Left out means all that was
 * granted, so that naming all of it is the same.
 */
function isSameRequest(
  { session, state }: { session: Session; state: RotationState },
  presented: Presented,
): boolean {
  const spellings = (named: readonly string[], granted: readonly string[]) => {
    const isAll = excessOf(granted, named).length === 0 && excessOf(named, granted).length === 0
    return isAll || named.length === 0 ? [[], granted] : [named]
  }
  const before = state.requestHash
  return spellings(presented.scope, session.scope).some((scope) =>
    spellings(presented.resources, session.audience).some((resources) => {
      const hash = hashRequest(scope, resources)
      return hash === undefined || before === undefined ? hash === before : hash.equals(before)
    }),
  )
}
