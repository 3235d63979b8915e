import type { Actor } from '../audit/event.ts'
import type { Executor } from '../db/connect.ts'
import type { EndSessions } from './end.ts'
import type { Session } from './session.ts'
import type { LoggedEnd } from './session-log.ts'
import { listStartedBefore } from './started-before/store.ts'

/** So many in one transaction: refreshes beside it wait no longer than for any other. */
const BATCH = 500

/**
 * Ends again what a log says was ended, for the log's reason and by the one it names. Sessions that
 * have ended, or are unknown, stay as they are. Returns those that it ended. Throws
 * DatabaseUnavailable; begun again, it goes on.
 */
export async function endAsLogged(
  endSessions: EndSessions,
  ends: readonly LoggedEnd[],
  { origin }: Pick<Actor, 'origin'>,
): Promise<{ session: Session; reason: LoggedEnd['reason'] }[]> {
  const alike = Map.groupBy(ends, ({ reason, by }) => `${reason} ${by}`)
  const ended = []
  for (const group of alike.values()) {
    const [{ reason, by }] = group as [LoggedEnd]
    for (let from = 0; from < group.length; from += BATCH) {
      const sids = group.slice(from, from + BATCH).map(({ sid }) => sid)
      const sessions = await endSessions.end({ sids }, reason, { by, origin })
      ended.push(...sessions.map((session) => ({ session, reason })))
    }
  }
  return ended
}

/**
 * Ends every session that started before an instant and is alive `now`; returns how many. Throws
 * DatabaseUnavailable; begun again, it goes on.
 */
export async function endStartedBefore(
  { db, endSessions }: { db: Executor; endSessions: EndSessions },
  before: number,
  now: number,
  actor: Actor,
): Promise<number> {
  let after: string | undefined
  for (let ended = 0; ; ) {
    const sids = await listStartedBefore(db, before, now, { after, limit: BATCH })
    if (sids.length === 0) return ended
    ended += (await endSessions.end({ sids }, 'ended_by_operator', actor)).length
    after = sids.at(-1)
  }
}
