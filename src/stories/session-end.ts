import { SERVICE } from '../audit/event.ts'
import type { RecordedEvent } from '../audit/read/store.ts'
import type { CutOffSubject } from '../revocations/cut-off.ts'
import type { FoundWithCutOff } from '../sessions/read/store.ts'
import { type Ending, endOf, expiryOf } from '../sessions/session.ts'
import { textOf } from './event-details.ts'

/** How a session ended. Instants are milliseconds since the epoch. */
export interface SessionEnd extends Ending {
  /** A sub, a client_id, `operator` or `mintmark`; undefined of an age, and where no event is kept. */
  readonly by: string | undefined
  /** What wrote it down; undefined of an age, of a cut-off, and where it is not kept any more. */
  readonly event: RecordedEvent | undefined
  /** When it had expired already, before somebody ended it. */
  readonly expiredAt: number | undefined
  /** Of a cut-off: who was cut off, as far as it can be told. */
  readonly cutOffOf?: CutOffSubject['kind'] | undefined
}

/**
 * How a session ended, with what its events add to that. Undefined while it is alive at `now`.
 * @param events of the session
 */
export function readEnd(
  { session, cutOff }: FoundWithCutOff,
  events: readonly RecordedEvent[],
  now: number,
): SessionEnd | undefined {
  const ending = endOf(session, cutOff, now)
  if (ending === undefined) return undefined
  // Of a reuse there are two, and the first says more.
  const event = session.ended && (events.find(isReuse) ?? events.findLast(isEnd))
  const expiry = expiryOf(session)
  return {
    ...ending,
    by:
      ending.reason === 'refresh_reused' ? SERVICE : (ending.by ?? (event && textOf(event, 'by'))),
    event,
    expiredAt: expiry.at < ending.at ? expiry.at : undefined,
  }
}

function isEnd({ type }: RecordedEvent): boolean {
  return type === 'session.ended'
}

function isReuse({ type }: RecordedEvent): boolean {
  return type === 'refresh.reused'
}
