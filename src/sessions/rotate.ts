import type { EndReason, Origin } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import type { Database, Executor } from '../db/connect.ts'
import { DatabaseUnavailable } from '../db/failure.ts'
import type { RefreshTokens } from './refresh-token.ts'
import { type Decision, decide, type Presented, type RotationPolicy } from './rotation.ts'
import type { Session } from './session.ts'
import { changeState, type Found, findByHandle, lockByHandle, markEnded, rotate } from './store.ts'

/** A refresh as it was asked for. */
export interface RotationRequest {
  /** The value presented, unread. */
  readonly refreshToken: string
  readonly clientId: string
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
  | { outcome: 'unknown' | 'wrong_client' | 'reused' | 'stale' }
  /** It would have been rotated, if it had been allowed. */
  | { outcome: 'current' }
  | { outcome: 'exceeds_grant'; scope: string[]; resources: string[] }
  | { outcome: 'ended'; reason: EndReason }
  | { outcome: 'expired'; end: 'idle' | 'max' }

/** Rotates a refresh token. Returns the outcome, never throws it; throws DatabaseUnavailable. */
export type RotateRefreshToken = (request: RotationRequest) => Promise<Rotation>

/** A try, and two more for a connection that broke or a row that moved in between. */
const ATTEMPTS = 3

export function createRotateRefreshToken(options: {
  database: Database
  clock: Clock
  refreshTokens: RefreshTokens
  recordEvents: RecordEvents
  policy: RotationPolicy
}): RotateRefreshToken {
  const { database, clock, refreshTokens, recordEvents, policy } = options

  return async (request) => {
    const token = refreshTokens.parse(request.refreshToken)
    if (token === undefined) return { outcome: 'unknown' }
    const { handleHash } = token
    const presented: Presented = { ...request, generation: token.generation }
    // When a statement of ours went out whose fate nobody knows.
    let sentAt: number | undefined
    const grant = (outcome: 'rotated' | 'retried' | 'recovered' | 'ahead', session: Session) =>
      ({ outcome, session, refreshToken: token.successor() }) as const

    const rotateAt = async (at: number) => {
      const heldSince = request.isShared ? at - policy.retryWindowSeconds * 1000 : undefined
      try {
        return await rotate(database, handleHash, presented, use(request, at), heldSince)
      } catch (error) {
        if (error instanceof DatabaseUnavailable && error.fateUnknown) sentAt = at
        throw error
      }
    }

    /** Undefined when the row moved onto the value presented after the statement had missed it. */
    const attempt = async (): Promise<Rotation | undefined> => {
      const at = clock.now()
      const rotated = request.mayRotate ? await rotateAt(at) : undefined
      if (rotated !== undefined) return grant('rotated', rotated)
      const found = await findByHandle(database.kysely, handleHash)
      if (found !== undefined && isOwnRotation(found)) return grant('rotated', found.session)
      const decision = decide(found, presented, policy, clock.now())
      switch (decision.outcome) {
        case 'current':
          return request.mayRotate ? undefined : decision
        case 'held': {
          const { session } = found as Found
          return { outcome: 'retried', session, refreshToken: request.refreshToken }
        }
        case 'retried':
          return grant('retried', (found as Found).session)
        case 'wrong_client':
        case 'recovered':
        case 'reused':
        case 'ahead':
          return database.transaction((tx) => settle(tx))
        default:
          return decision
      }
    }

    /** Whether the row shows what our own lost statement did: that is no retry, whatever the policy. */
    const isOwnRotation = ({ session, state }: Found) =>
      sentAt !== undefined &&
      state.rotatedAt === sentAt &&
      state.generation === presented.generation + 1 &&
      session.clientId === presented.clientId &&
      session.ended === undefined

    /** Decides once more with the row locked, and writes what the decision says. */
    const settle = async (tx: Executor): Promise<Rotation | undefined> => {
      const now = clock.now()
      const found = await lockByHandle(tx, handleHash)
      const decision = decide(found, presented, policy, now)
      const { outcome } = decision
      if (found === undefined || outcome === 'current' || outcome === 'held') return undefined
      const record = (event: Parameters<RecordEvents>[2][number]) =>
        recordEvents(tx, request.origin, [event])
      const { session, state } = found
      const { sid, sub, clientId } = session
      const about = { sid, sub, clientId, generation: state.generation }
      const move = (change: Partial<typeof state>) =>
        changeState(tx, sid, { ...state, ...change }, use(request, now))
      switch (decision.outcome) {
        case 'retried':
          return grant('retried', session)
        case 'recovered': {
          const lostForSeconds = Math.round((now - (state.rotatedAt ?? now)) / 1000)
          await record({ type: 'refresh.recovered', ...about, lostForSeconds })
          return grant('recovered', await move(counters(decision)))
        }
        case 'ahead': {
          await record({ type: 'refresh.ahead', ...about, presented: token.generation })
          const { attemptHash } = request
          const generation = token.generation + 1
          return grant('ahead', await move({ generation, attemptHash, rotatedAt: now }))
        }
        case 'reused': {
          await markEnded(tx, { sid }, 'refresh_reused', now)
          const { address: lastAddress } = session.device
          await record({
            type: 'refresh.reused',
            ...about,
            presented: token.generation,
            lastAddress,
          })
          return { outcome: 'reused' }
        }
        case 'wrong_client':
          await record({
            type: 'refresh.client_mismatch',
            sid,
            sub,
            clientId,
            presentedBy: request.clientId,
          })
          return { outcome: 'wrong_client' }
        default:
          return decision
      }
    }

    for (let left = ATTEMPTS; left > 0; left -= 1) {
      try {
        const rotation = await attempt()
        if (rotation !== undefined) return rotation
      } catch (error) {
        // The connection broke and nobody knows whether the rotation was committed. It does not
        // matter: asked again, it is either the rotation or seen to have been.
        const worthAnother = error instanceof DatabaseUnavailable && error.fateUnknown
        if (!worthAnother || left === 1) throw error
      }
    }
    throw new DatabaseUnavailable(new Error('the session kept changing'), false)
  }
}

function use(request: RotationRequest, now: number) {
  return {
    at: now,
    idleExpiresAt: now + request.idleTtlSeconds * 1000,
    address: request.origin.address,
  }
}

function counters(decision: Extract<Decision, { outcome: 'recovered' }>) {
  return { recoveries: decision.recoveries, recoveriesSince: decision.recoveriesSince }
}
