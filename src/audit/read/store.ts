import { sql } from 'kysely'
import { instantOfUuidV7 } from '../../base/encoding.ts'
import type { Executor } from '../../db/connect.ts'

/** An event as it was written down; its kind is not taken apart. */
export interface RecordedEvent {
  readonly id: string
  readonly at: number
  readonly type: string
  readonly sid: string | undefined
  readonly sub: string | undefined
  readonly clientId: string | undefined
  readonly requestId: string | undefined
  readonly address: string | undefined
  readonly userAgent: string | undefined
  /** What only events of this type say, by the names of src/audit/event.ts. */
  readonly detail: Readonly<Record<string, unknown>>
}

/** Which events to list. Instants are milliseconds since the epoch. */
export interface EventFilter {
  readonly sid?: string | undefined
  readonly sub?: string | undefined
  readonly clientId?: string | undefined
  readonly types?: readonly string[] | undefined
  readonly requestId?: string | undefined
  /** Of a `token.revoked`. No index has it: give the times as well. */
  readonly jti?: string | undefined
  /** At this instant or later. */
  readonly since?: number | undefined
  /** Before this instant. */
  readonly until?: number | undefined
  /** Only those that were written before the event of this id. */
  readonly before?: string | undefined
  readonly limit: number
}

/** Events, the newest first. Throws DatabaseUnavailable. */
export async function listEvents(db: Executor, filter: EventFilter): Promise<RecordedEvent[]> {
  const { sid, sub, clientId, types, requestId, jti, since, until, before, limit } = filter
  let query = db
    .selectFrom('events')
    .select(['id', 'at', 'type', 'sid', 'sub', 'client_id', 'request_id', 'address'])
    .select(['user_agent', 'detail'])
  if (sid !== undefined) query = query.where('sid', '=', sid)
  if (sub !== undefined) query = query.where('sub', '=', sub)
  if (clientId !== undefined) query = query.where('client_id', '=', clientId)
  if (types !== undefined) query = query.where('type', 'in', types)
  if (requestId !== undefined) query = query.where('request_id', '=', requestId)
  if (jti !== undefined) query = query.where(sql`detail ->> 'jti'`, '=', jti)
  if (since !== undefined) query = query.where('at', '>=', new Date(since))
  if (until !== undefined) query = query.where('at', '<', new Date(until))
  if (before !== undefined) {
    // Spares it the days after that.
    query = query.where('at', '<=', new Date(instantOfUuidV7(before))).where('id', '<', before)
  }
  // An id begins with the instant of its event, and is what the index of each day begins with.
  const rows = await query.orderBy('id', 'desc').limit(limit).execute()
  return rows.map((row) => ({
    id: row.id,
    at: row.at.getTime(),
    type: row.type,
    sid: row.sid ?? undefined,
    sub: row.sub ?? undefined,
    clientId: row.client_id ?? undefined,
    requestId: row.request_id ?? undefined,
    address: row.address ?? undefined,
    userAgent: row.user_agent ?? undefined,
    detail: row.detail,
  }))
}
