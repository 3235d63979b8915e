import type { ExpressionBuilder } from 'kysely'
import type { Executor } from '../../db/connect.ts'
import type { Schema } from '../../db/schema.ts'
import type { MadeCutOff } from '../../revocations/cut-off.ts'
import { findClientCutOffs } from '../../revocations/read/store.ts'
import { type Found, fromRow, select } from '../store.ts'

/** A session, and its client's cut-off, which may have ended it before its row says so. */
export interface FoundWithCutOff extends Found {
  readonly cutOff: MadeCutOff | undefined
}

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

/**
 * Sessions as they are at `now`, the newest first. A session behind its client's cut-off has ended,
 * whether its row has been marked yet or not. Throws DatabaseUnavailable.
 */
export async function listSessions(
  db: Executor,
  filter: SessionFilter,
  now: number,
): Promise<FoundWithCutOff[]> {
  const { sub, clientId, state, before, limit } = filter
  const at = new Date(now)
  let query = select(db)
  if (sub !== undefined) query = query.where('sub', '=', sub)
  if (clientId !== undefined) query = query.where('client_id', '=', clientId)
  if (before !== undefined) query = query.where('sessions.id', '<', before)
  if (state === 'live') {
    query = query
      .where('ended_at', 'is', null)
      .where('idle_expires_at', '>', at)
      .where('expires_at', '>', at)
      .where((where) => where.not(isCutOff(where)))
  }
  if (state === 'ended') {
    query = query.where((where) =>
      where.or([
        where('ended_at', 'is not', null),
        where('idle_expires_at', '<=', at),
        where('expires_at', '<=', at),
        isCutOff(where),
      ]),
    )
  }
  // An id begins with the instant at which its session started.
  const rows = await query.orderBy('sessions.id', 'desc').limit(limit).execute()
  return withCutOffs(db, rows.map(fromRow))
}

/** The session of that `sid`; undefined when there is none. Throws DatabaseUnavailable. */
export async function findWithCutOff(
  db: Executor,
  sid: string,
): Promise<FoundWithCutOff | undefined> {
  const rows = await select(db).where('id', '=', sid).execute()
  const [found] = await withCutOffs(db, rows.map(fromRow))
  return found
}

/** Adds to sessions the cut-off of the client of each. Throws DatabaseUnavailable. */
export async function withCutOffs(
  db: Executor,
  sessions: readonly Found[],
): Promise<FoundWithCutOff[]> {
  const clientIds = [...new Set(sessions.map(({ session }) => session.clientId))]
  const cutOffs = await findClientCutOffs(db, clientIds)
  return sessions.map((found) => ({ ...found, cutOff: cutOffs.get(found.session.clientId) }))
}

function isCutOff(where: ExpressionBuilder<Schema, 'sessions'>) {
  return where.exists(
    where
      .selectFrom('cut_offs')
      .select('kind')
      .where('kind', '=', 'client')
      .whereRef('cut_offs.id', '=', 'sessions.client_id')
      .whereRef('not_before', '>', 'sessions.created_at'),
  )
}
