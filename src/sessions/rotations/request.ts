import type { EndReason, Origin } from '../../audit/event.ts'
import type { CutOff } from '../../revocations/cut-off.ts'
import type { RefreshToken } from '../refresh-token.ts'
import type { RotationPolicy } from '../rotation.ts'
import type { Session } from '../session.ts'

/** A refresh as it was asked for. */
export interface RotationRequest {
  /** The value presented. */
  readonly token: RefreshToken
  readonly clientId: string
  /** Of the client: which of its sessions have ended all together. */
  readonly cutOff: CutOff | undefined
  readonly policy: RotationPolicy
  /** SHA-256 of the Idempotency-Key, if one was sent. */
  readonly attemptHash: Buffer | undefined
  /** Whether all pages of a browser present one value, as they do a cookie. */
  readonly isShared: boolean
  /** False when the session has rotated too often: all but a rotation is answered all the same. */
  readonly mayRotate: boolean
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  /** How long the session may stay unused after this refresh. */
  readonly idleTtlSeconds: number
  readonly origin: Origin
}

/** What came of it. The first four hand out tokens; every other one is a committed fact. */
export type Rotation =
  | {
      outcome: 'rotated' | 'retried' | 'recovered' | 'ahead'
      session: Session
      refreshToken: string
    }
  | { outcome: 'unknown' | 'wrong_client' | 'reused' | 'stale' | 'mismatched' }
  /** It would have been rotated, if it had been allowed. */
  | { outcome: 'current' }
  | { outcome: 'exceeds_grant'; scope: string[]; resources: string[] }
  | { outcome: 'ended'; reason: EndReason }
  | { outcome: 'expired'; end: 'idle' | 'max' }

/** Where and when a refresh uses its session: what {@link Use} leaves in the row. */
export function useOf(request: RotationRequest, at: number) {
  const { origin, idleTtlSeconds } = request
  return { at, idleExpiresAt: at + idleTtlSeconds * 1000, address: origin.address }
}
