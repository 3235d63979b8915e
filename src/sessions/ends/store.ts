import type { EndReason } from '../../audit/event.ts'
import type { Executor } from '../../db/connect.ts'
import type { CutOff } from '../../revocations/cut-off.ts'
import type { Session } from '../session.ts'
import { fromRow, isNotCutOff, SESSION_COLUMNS } from '../store.ts'

/** Which sessions to end: one, some, or those of a user. One of the three must be given. */
export interface EndFilter {
  readonly sid?: string
  /** These, some hundreds at most. */
  readonly sids?: readonly string[]
  readonly sub?: string
  /** All but this one. */
  readonly exceptSid?: string
  /** Those alone that started before. */
  readonly startedBefore?: number
}

/** Ends the sessions that have not ended yet and returns them. */
export async function markEnded(
  tx: Executor,
  filter: EndFilter,
  reason: EndReason,
  at: number,
): Promise<Session[]> {
  let query = tx
    .updateTable('sessions')
    .set({ ended_at: new Date(at), end_reason: reason })
    .where('ended_at', 'is', null)
  if ((filter.sid ?? filter.sids ?? filter.sub) === undefined) {
    throw new Error('refusing to end every session')
  }
  if (filter.sid !== undefined) query = query.where('id', '=', filter.sid)
  if (filter.sids !== undefined) query = query.where('id', 'in', filter.sids)
  if (filter.sub !== undefined) query = query.where('sub', '=', filter.sub)
  if (filter.exceptSid !== undefined) query = query.where('id', '<>', filter.exceptSid)
  if (filter.startedBefore !== undefined) {
    query = query.where('created_at', '<', new Date(filter.startedBefore))
  }
  const rows = await query.returning(SESSION_COLUMNS).execute()
  return rows.map((row) => fromRow(row).session)
}

/** Where a limit was lowered, each start ends so many of those that are too many. */
const OLDEST_AT_ONCE = 500

/** Live sessions of a user at a client but for the `keep` that started last: some hundred sids. */
export async function listOldest(
  db: Executor,
  { sub, clientId }: Pick<Session, 'sub' | 'clientId'>,
  keep: number,
  now: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('sessions')
    .select('id')
    .where('sub', '=', sub)
    .where('client_id', '=', clientId)
    .where('ended_at', 'is', null)
    .where('idle_expires_at', '>', new Date(now))
    .where('expires_at', '>', new Date(now))
    .where(isNotCutOff)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .offset(keep)
    .limit(OLDEST_AT_ONCE)
    .execute()
  return rows.map(({ id }) => id)
}

/** Ends at most `limit` sessions of the client that started before an instant, and returns them. */
export async function markSomeEnded(
  tx: Executor,
  clientId: string,
  { notBefore, reason }: CutOff,
  at: number,
  limit: number,
): Promise<Session[]> {
  const rows = await tx
    .updateTable('sessions')
    .set({ ended_at: new Date(at), end_reason: reason })
    .where('id', 'in', (inner) =>
      inner
        .selectFrom('sessions')
        .select('id')
        .where('client_id', '=', clientId)
        .where('ended_at', 'is', null)
        .where('created_at', '<', new Date(notBefore))
        .orderBy('id')
        .limit(limit)
        .forUpdate(),
    )
    .returning(SESSION_COLUMNS)
    .execute()
  return rows.map((row) => fromRow(row).session)
}
