import { SERVICE } from '../audit/event.ts'
import type { RecordEvents, ToEventRow } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../db/connect.ts'
import { DatabaseUnavailable } from '../db/failure.ts'
import type { FindByHandle } from './find.ts'
import type { RefreshToken } from './refresh-token.ts'
import { type Decision, decide, type Presented } from './rotation.ts'
import { noteRefusal, type Refusal } from './rotations/refuse.ts'
import { type Rotation, type RotationRequest, useOf } from './rotations/request.ts'
import { createRotate } from './rotations/rotate.ts'
import { settle } from './rotations/settle.ts'
import { countRetry } from './rotations/store.ts'
import type { Session } from './session.ts'
import type { SessionLog } from './session-log.ts'
import type { Found } from './store.ts'

/** Rotates a refresh token. Returns the outcome, never throws it; throws DatabaseUnavailable. */
export type RotateRefreshToken = (request: RotationRequest) => Promise<Rotation>

/** A try, and two more for a connection that broke or a row that moved in between. */
const ATTEMPTS = 3

export function createRotateRefreshToken(options: {
  database: Database
  clock: Clock
  findByHandle: FindByHandle
  recordEvents: RecordEvents
  toEventRow: ToEventRow
  sessionLog: SessionLog
}): RotateRefreshToken {
  const { database, clock, findByHandle, recordEvents, toEventRow, sessionLog } = options
  const rotate = createRotate(database)

  return async (request) => {
    const { token } = request
    const presented: Presented = { ...request, generation: token.generation }
    // When a statement of ours went out, or a transaction, whose fate nobody knows.
    let sentAt: number | undefined

    const rotateAt = async (at: number) => {
      const { isShared, policy } = request
      const rotatedBefore = isShared ? at - policy.retryWindowSeconds * 1000 : undefined
      const { handleHash } = token
      return remember(at, () =>
        rotate({ handleHash, presented, use: useOf(request, at), rotatedBefore }),
      )
    }

    /** Keeps the instant of what it does, when the connection breaks under it. */
    const remember = async <T>(at: number, work: () => Promise<T>): Promise<T> => {
      try {
        return await work()
      } catch (error) {
        if (error instanceof DatabaseUnavailable && error.fateUnknown) sentAt = at
        throw error
      }
    }

    /** Undefined when the row moved after the statement had missed it, or since it was read. */
    const attempt = async (): Promise<Rotation | undefined> => {
      const rotated = request.mayRotate ? await rotateAt(clock.now()) : undefined
      if (rotated !== undefined) return grant('rotated', rotated, token.successor())
      const found = await findByHandle(token.handleHash)
      if (found === undefined) return { outcome: 'unknown' }
      if (isOwn(found)) return grant(ownOutcome(found), found.session, token.successor())
      const now = clock.now()
      const decision = decide(found, presented, request.policy, now)
      if (decision.outcome === 'current' && !request.mayRotate) return decision
      switch (decision.outcome) {
        case 'held':
        case 'retried':
          return retry(found, decision)
        case 'current':
        case 'recovered':
        case 'reused':
        case 'ahead': {
          const at = clock.now()
          const settled = await remember(at, () =>
            database.transaction((tx) => settle(tx, recordEvents, request, at)),
          )
          tell(settled, found.session)
          return settled
        }
        default: {
          const refusal = refusalOf(found.session, decision, about(found, token), request.clientId)
          const { origin } = request
          if (refusal) await noteRefusal(database, recordEvents, found, refusal, origin, now)
          return decision
        }
      }
    }

    const retry = async (
      found: Found,
      decision: Extract<Decision, { outcome: 'held' | 'retried' }>,
    ) => {
      const isHeld = decision.outcome === 'held'
      const { presented: _presented, ...session } = about(found, token)
      const proof = isHeld ? 'cookie' : decision.proof
      const event = { type: 'refresh.retried', ...session, proof } as const
      const counted = await countRetry(
        database,
        found,
        toEventRow(request.origin, event),
        // A cookie that is in use is no idle one, though it stays the same for a while.
        isHeld ? useOf(request, clock.now()).idleExpiresAt : undefined,
      )
      const value = isHeld ? token.value : token.successor()
      return counted && grant('retried', counted, value)
    }

    /** Has the log tell what was committed of a session that stood so before. */
    const tell = (settled: Rotation | undefined, before: Session) => {
      if (settled?.outcome === 'ahead') sessionLog.setBack(before.lastUsedAt)
      if (settled?.outcome !== 'reused') return
      sessionLog.ended([before], 'refresh_reused', SERVICE)
    }

    /** Whether the row shows what we did and did not hear of: no retry, whatever the policy. */
    const isOwn = ({ session, state }: Found) =>
      sentAt !== undefined &&
      session.lastUsedAt === sentAt &&
      state.generation === presented.generation + 1 &&
      session.clientId === presented.clientId &&
      session.ended === undefined

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

/** What we did: a rotation moved the generation at that instant, a recovery left it where it was. */
function ownOutcome({ session, state }: Found): 'rotated' | 'recovered' {
  return state.rotatedAt === session.lastUsedAt ? 'rotated' : 'recovered'
}

function grant(
  outcome: 'rotated' | 'retried' | 'recovered',
  session: Session,
  refreshToken: string,
) {
  return { outcome, session, refreshToken } as const
}

function about({ session, state }: Found, token: RefreshToken) {
  const { sid, sub, clientId } = session
  return { sid, sub, clientId, generation: state.generation, presented: token.generation }
}

/** What to write down of a refusal; undefined for one that the session's owner cannot have caused. */
function refusalOf(
  { sid, sub, clientId }: Session,
  { outcome }: Decision,
  facts: ReturnType<typeof about>,
  presentedBy: string,
): Refusal | undefined {
  switch (outcome) {
    case 'wrong_client':
      return { type: 'refresh.client_mismatch', sid, sub, clientId, presentedBy }
    case 'ended':
    case 'expired':
    case 'stale':
    case 'mismatched':
      return { type: 'refresh.refused', ...facts, why: outcome }
    default:
      return undefined
  }
}
