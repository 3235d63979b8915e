import type { Executor } from '../../db/connect.ts'
import { type Found, fromRow, select } from '../store.ts'

/** Which sessions to list. */
export interface SessionFilter {
  readonly sub?: string | undefined
  readonly clientId?: string | undefined
  /** Those whose tokens are good, the others, or both. */
  readonly state: 'live' | 'ended' | 'all'
  /** Only those that started before the session of this `sid`. */
  readonly before?: string | undefined
  readonly limit: number
}

/** Sessions as they are at `now`, the newest first. Throws DatabaseUnavailable. */
export async function listSessions(
  db: Executor,
  filter: SessionFilter,
  now: number,
): Promise<Found[]> {
  const { sub, clientId, state, before, limit } = filter
  const at = new Date(now)
  let query = select(db)
  if (sub !== undefined) query = query.where('sub', '=', sub)
  if (clientId !== undefined) query = query.where('client_id', '=', clientId)
  if (before !== undefined) query = query.where('id', '<', before)
  if (state === 'live') {
    query = query
      .where('ended_at', 'is', null)
      .where('idle_expires_at', '>', at)
      .where('expires_at', '>', at)
  }
  if (state === 'ended') {
    query = query.where((where) =>
      where.or([
        where('ended_at', 'is not', null),
        where('idle_expires_at', '<=', at),
        where('expires_at', '<=', at),
      ]),
    )
  }
  // An id begins with the instant at which its session started.
  const rows = await query.orderBy('id', 'desc').limit(limit).execute()
  return rows.map(fromRow)
}

/** The session of that `sid`, with its rotation state; undefined when there is none. */
export async function findSessionWithState(db: Executor, sid: string): Promise<Found | undefined> {
  const row = await select(db).where('id', '=', sid).executeTakeFirst()
  return row && fromRow(row)
}
