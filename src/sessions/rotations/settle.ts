import { SERVICE } from '../../audit/event.ts'
import type { RecordEvents } from '../../audit/store.ts'
import type { Executor } from '../../db/connect.ts'
import { markEnded } from '../ends/store.ts'
import { decide, hashRequest } from '../rotation.ts'
import { type Found, lockByHandle } from '../store.ts'
import { type Rotation, type RotationRequest, useOf } from './request.ts'
import { changeState } from './store.ts'

/**
 * Decides a refresh with the session's row locked, and writes what the decision says: a recovery, a
 * reuse, a row that the database had lost the end of, or a rotation for which the row was not free.
 * Undefined when it is none of these any more.
 * @param now milliseconds since the epoch
 */
export async function settle(
  tx: Executor,
  recordEvents: RecordEvents,
  request: RotationRequest,
  now: number,
): Promise<Rotation | undefined> {
  const { token } = request
  const found = await lockByHandle(tx, token.handleHash)
  const presented = { ...request, generation: token.generation }
  const decision = decide(found, presented, request.policy, now)
  if (found === undefined) return undefined
  const { session, state } = found
  const { sid, sub, clientId } = session
  const about = { sid, sub, clientId, generation: state.generation }
  const record = (event: Parameters<RecordEvents>[2][number]) =>
    recordEvents(tx, request.origin, [event])
  const move = async (change: Partial<Found['state']>) => ({
    session: await changeState(tx, sid, { ...state, ...change }, useOf(request, now)),
    refreshToken: token.successor(),
  })
  const rotate = () => {
    const { attemptHash, scope, resources } = request
    return move({
      generation: token.generation + 1,
      rotatedAt: now,
      attemptHash,
      requestHash: hashRequest(scope, resources),
      retries: 0,
      retriesBefore: state.retriesBefore + state.retries,
    })
  }
  switch (decision.outcome) {
    case 'recovered': {
      const lostForSeconds = Math.round((now - (state.rotatedAt ?? now)) / 1000)
      await record({ type: 'refresh.recovered', ...about, lostForSeconds })
      const { recoveries, recoveriesSince } = decision
      return { outcome: 'recovered', ...(await move({ recoveries, recoveriesSince })) }
    }
    case 'current':
      return { outcome: 'rotated', ...(await rotate()) }
    case 'ahead': {
      const { lastUsedAt: rowUsedAt } = session
      await record({ type: 'refresh.ahead', ...about, presented: token.generation, rowUsedAt })
      return { outcome: 'ahead', ...(await rotate()) }
    }
    case 'reused': {
      await markEnded(tx, { sid }, 'refresh_reused', now)
      const { address: lastAddress } = session.device
      const { generation, ...ended } = about
      const { generation: presented } = token
      await recordEvents(tx, request.origin, [
        { type: 'refresh.reused', ...ended, generation, presented, lastAddress },
        { type: 'session.ended', ...ended, reason: 'refresh_reused', by: SERVICE },
      ])
      return { outcome: 'reused' }
    }
    default:
      return undefined
  }
}
