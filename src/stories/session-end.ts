import { type EndReason, SERVICE } from '../audit/event.ts'
import type { RecordedEvent } from '../audit/read/store.ts'
import type { MadeCutOff } from '../revocations/cut-off.ts'
import type { Session } from '../sessions/session.ts'
import { textOf } from './event-details.ts'

/** How a session ended. Instants are milliseconds since the epoch. */
export interface SessionEnd {
  readonly at: number
  readonly reason: EndReason | 'idle_timeout' | 'max_age'
  /** A sub, a client_id, `operator` or `mintmark`; undefined of an age, and where no event is kept. */
  readonly by: string | undefined
  /** What wrote it down; undefined of an age, of a cut-off, and where it is not kept any more. */
  readonly event: RecordedEvent | undefined
  /** When it had expired already, before somebody ended it. */
  readonly expiredAt: number | undefined
}

/**
 * How a session ended: by an act, by its client's cut-off, whose rows may not be marked yet, or by
 * its age. Undefined while it is alive at `now`.
 * @param events of the session
 */
export function readEnd(
  session: Session,
  events: readonly RecordedEvent[],
  cutOff: MadeCutOff | undefined,
  now: number,
): SessionEnd | undefined {
  const expiry = expiryOf(session)
  const beforeOf = (at: number) => (expiry.at < at ? expiry.at : undefined)
  const { ended } = session
  if (ended !== undefined) {
    // Of a reuse there are two, and the first says more.
    const event = events.find(isReuse) ?? events.findLast(isEnd)
    const by = ended.reason === 'refresh_reused' ? SERVICE : event && textOf(event, 'by')
    return { ...ended, by, event, expiredAt: beforeOf(ended.at) }
  }
  if (cutOff !== undefined && session.createdAt < cutOff.notBefore) {
    const { madeAt: at, madeBy: by, reason } = cutOff
    return { at, reason, by, event: undefined, expiredAt: beforeOf(at) }
  }
  if (expiry.at > now) return undefined
  return { ...expiry, by: undefined, event: undefined, expiredAt: undefined }
}

function isEnd({ type }: RecordedEvent): boolean {
  return type === 'session.ended'
}

function isReuse({ type }: RecordedEvent): boolean {
  return type === 'refresh.reused'
}

function expiryOf({ idleExpiresAt, expiresAt }: Session) {
  return idleExpiresAt < expiresAt
    ? ({ at: idleExpiresAt, reason: 'idle_timeout' } as const)
    : ({ at: expiresAt, reason: 'max_age' } as const)
}
