import type { ExpressionBuilder } from 'kysely'
import { type EndReason, endReasons } from '../audit/event.ts'
import type { Executor } from '../db/connect.ts'
import { unreadable } from '../db/failure.ts'
import type { Schema } from '../db/schema.ts'
import type { RotationState } from './rotation.ts'
import type { Session } from './session.ts'

/** A session with the state its rotation turns on. */
export interface Found {
  readonly session: Session
  readonly state: RotationState
}

// Everything but the handle's hash, which nobody needs back.
export const SESSION_COLUMNS = [
  'id',
  'generation',
  'rotated_at',
  'attempt_hash',
  'recoveries',
  'recoveries_since',
  'client_id',
  'sub',
  'scope',
  'audience',
  'roles',
  'claims',
  'auth_time',
  'amr',
  'acr',
  'user_agent',
  'address',
  'label',
  'created_at',
  'last_used_at',
  'idle_expires_at',
  'expires_at',
  'ended_at',
  'end_reason',
  'request_hash',
  'retries',
  'retries_before',
  'refusals',
  'refusals_since',
] as const

/** The session of a refresh token, by the hash of its handle; undefined when there is none. */
export async function findByHandle(db: Executor, handleHash: Buffer): Promise<Found | undefined> {
  const row = await select(db).where('handle_hash', '=', handleHash).executeTakeFirst()
  return row && fromRow(row)
}

/** The same, locked against change until the transaction ends. */
export async function lockByHandle(tx: Executor, handleHash: Buffer): Promise<Found | undefined> {
  const row = await select(tx).where('handle_hash', '=', handleHash).forUpdate().executeTakeFirst()
  return row && fromRow(row)
}

/** The session of that `sid`; undefined when there is none. */
export async function findSession(db: Executor, sid: string): Promise<Session | undefined> {
  const row = await select(db).where('id', '=', sid).executeTakeFirst()
  return row && fromRow(row).session
}

/** The sessions that are alive at `now`, the last used first; of one user, of one client. */
export async function listAlive(
  db: Executor,
  filter: { sub?: string | undefined; clientId?: string | undefined; limit: number },
  now: number,
): Promise<Session[]> {
  let query = select(db)
    .where('ended_at', 'is', null)
    .where('idle_expires_at', '>', new Date(now))
    .where('expires_at', '>', new Date(now))
    .where(isNotCutOff)
  if (filter.sub !== undefined) query = query.where('sub', '=', filter.sub)
  if (filter.clientId !== undefined) query = query.where('client_id', '=', filter.clientId)
  const rows = await query
    .orderBy('last_used_at', 'desc')
    .orderBy('id', 'desc')
    .limit(filter.limit)
    .execute()
  return rows.map((row) => fromRow(row).session)
}

/** Whether a session is not behind its client's cut-off: its row may not have been marked yet. */
export function isNotCutOff(where: ExpressionBuilder<Schema, 'sessions'>) {
  return where.not(
    where.exists(
      where
        .selectFrom('cut_offs')
        .select('id')
        .where('kind', '=', 'client')
        .whereRef('cut_offs.id', '=', 'sessions.client_id')
        .whereRef('not_before', '>', 'sessions.created_at'),
    ),
  )
}

/** Adds a session at generation 0. */
export async function addSession(
  tx: Executor,
  session: Session,
  handleHash: Buffer,
): Promise<void> {
  await tx
    .insertInto('sessions')
    .values({
      id: session.sid,
      handle_hash: handleHash,
      generation: 0,
      attempt_hash: null,
      recoveries: 0,
      client_id: session.clientId,
      sub: session.sub,
      scope: [...session.scope],
      audience: [...session.audience],
      roles: [...session.roles],
      claims: JSON.stringify(session.claims),
      auth_time: new Date(session.authTime),
      amr: [...session.amr],
      acr: session.acr ?? null,
      user_agent: session.device.userAgent ?? null,
      address: session.device.address ?? null,
      label: session.device.label ?? null,
      created_at: new Date(session.createdAt),
      last_used_at: new Date(session.lastUsedAt),
      idle_expires_at: new Date(session.idleExpiresAt),
      expires_at: new Date(session.expiresAt),
      end_reason: null,
      request_hash: null,
      retries: 0,
      retries_before: 0,
      refusals: 0,
    })
    .execute()
}

/** Deletes at most `limit` sessions whose greatest age was before `before`; returns how many. */
export async function deleteExpiredSessions(
  db: Executor,
  before: number,
  limit: number,
): Promise<number> {
  const result = await db
    .deleteFrom('sessions')
    .where('id', 'in', (inner) =>
      inner
        .selectFrom('sessions')
        .select('id')
        .where('expires_at', '<', new Date(before))
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

/** The {@link SESSION_COLUMNS} of all sessions, for the stores of this room to narrow. */
export function select(db: Executor) {
  return db.selectFrom('sessions').select(SESSION_COLUMNS)
}

/** A row of the {@link SESSION_COLUMNS}. */
export type SessionRow = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number]

/** Reads a row; throws by sid on one that cannot be. */
export function fromRow(row: SessionRow): Found {
  return {
    session: {
      sid: row.id,
      clientId: row.client_id,
      sub: row.sub,
      scope: row.scope,
      audience: row.audience,
      roles: row.roles,
      claims: row.claims,
      authTime: row.auth_time.getTime(),
      amr: row.amr,
      acr: row.acr ?? undefined,
      device: {
        userAgent: row.user_agent ?? undefined,
        address: row.address ?? undefined,
        label: row.label ?? undefined,
      },
      createdAt: row.created_at.getTime(),
      lastUsedAt: row.last_used_at.getTime(),
      idleExpiresAt: row.idle_expires_at.getTime(),
      expiresAt: row.expires_at.getTime(),
      ended:
        row.ended_at === null
          ? undefined
          : { at: row.ended_at.getTime(), reason: readEndReason(row) },
    },
    state: {
      generation: row.generation,
      rotatedAt: row.rotated_at?.getTime(),
      attemptHash: row.attempt_hash ?? undefined,
      recoveries: row.recoveries,
      recoveriesSince: row.recoveries_since?.getTime(),
      requestHash: row.request_hash ?? undefined,
      retries: row.retries,
      retriesBefore: row.retries_before,
      refusals: row.refusals,
      refusalsSince: row.refusals_since?.getTime(),
    },
  }
}

/** Throws by sid on a row that cannot be. */
function readEndReason({ id, end_reason }: SessionRow): EndReason {
  const reason = endReasons.find((known) => known === end_reason)
  if (reason === undefined) throw unreadable(`session ${id} has an unknown end reason`)
  return reason
}
