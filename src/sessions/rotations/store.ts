import { sql } from 'kysely'
import { EVENT_COLUMNS, type EventRow } from '../../audit/store.ts'
import type { Database, Executor } from '../../db/connect.ts'
import type { RotationState } from '../rotation.ts'
import type { Session } from '../session.ts'
import { type Found, fromRow, SESSION_COLUMNS, type SessionRow } from '../store.ts'

/** What a use of a session leaves in its row: when, until when it may now idle, and from where. */
export interface Use {
  readonly at: number
  readonly idleExpiresAt: number
  readonly address: string | undefined
}

const COUNT_RETRY = {
  name: 'sessions.count_retry',
  text: `with counted as (
      update sessions set retries = retries + 1,
        idle_expires_at = greatest(idle_expires_at, least(expires_at, coalesce($13, idle_expires_at)))
      where id = $1 and generation = $2 and ended_at is null
      returning ${SESSION_COLUMNS.join(', ')}
    ), recorded as (
      insert into events (${EVENT_COLUMNS.join(', ')})
      select $3::uuid, $4::timestamptz, $5, $6::uuid, $7, $8, $9, $10, $11, $12::jsonb
      from counted where retries = 1
    )
    select * from counted`,
}

/**
 * Counts a retry in its session, and writes it down when it is the first of its rotation: one
 * statement, so that a burst of them waits for nobody's network. Returns the session; undefined when
 * it has moved on or ended since it was read.
 * @param idleExpiresAt until when the session may idle now, where that is more than before
 */
export async function countRetry(
  database: Database,
  { session, state }: Found,
  event: EventRow,
  idleExpiresAt: number | undefined,
): Promise<Session | undefined> {
  const values = EVENT_COLUMNS.map((column) => event[column])
  const [row] = await database.run<SessionRow>(COUNT_RETRY, [
    session.sid,
    state.generation,
    ...values,
    toDate(idleExpiresAt),
  ])
  return row && fromRow(row).session
}

/** Counts a refusal at `at`, of a count that begins anew with the first one after `since`. */
export async function countRefusal(
  tx: Executor,
  sid: string,
  { at, since, most }: { at: number; since: number; most: number },
): Promise<boolean> {
  const isOver = sql`coalesce(refusals_since <= ${new Date(since)}, true)`
  const result = await tx
    .updateTable('sessions')
    .set({
      refusals: sql<number>`case when ${isOver} then 1 else refusals + 1 end`,
      refusals_since: sql<Date>`case when ${isOver} then ${new Date(at)} else refusals_since end`,
    })
    .where('id', '=', sid)
    .where(sql<boolean>`(${isOver} or refusals < ${most})`)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/**
 * Moves on the rotation state of a session that {@link lockByHandle} holds; a use of it like any
 * other. Returns the session as it is now.
 */
export async function changeState(
  tx: Executor,
  sid: string,
  change: RotationState,
  use: Use,
): Promise<Session> {
  const row = await tx
    .updateTable('sessions')
    .set({
      generation: change.generation,
      attempt_hash: change.attemptHash ?? null,
      recoveries: change.recoveries,
      recoveries_since: toDate(change.recoveriesSince),
      rotated_at: toDate(change.rotatedAt),
      request_hash: change.requestHash ?? null,
      retries: change.retries,
      retries_before: change.retriesBefore,
      last_used_at: new Date(use.at),
      idle_expires_at: sql<Date>`least(expires_at, ${new Date(use.idleExpiresAt)})`,
      ...(use.address !== undefined && { address: use.address }),
    })
    .where('id', '=', sid)
    .returning(SESSION_COLUMNS)
    .executeTakeFirstOrThrow()
  return fromRow(row).session
}

function toDate(at: number | undefined): Date | null {
  return at === undefined ? null : new Date(at)
}
