import { sql } from 'kysely'
import { type EndReason, endReasons } from '../audit/event.ts'
import type { Database, Executor } from '../db/connect.ts'
import type { Presented, RotationState } from './rotation.ts'
import type { Session } from './session.ts'

/** A session with the state its rotation turns on. */
export interface Found {
  readonly session: Session
  readonly state: RotationState
}

// Everything but the handle's hash, which nobody needs back.
const COLUMNS = [
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
] as const

const ROTATE = {
  name: 'sessions.rotate',
  text: `update sessions
    set generation = generation + 1, rotated_at = $4, attempt_hash = $5, last_used_at = $4,
      idle_expires_at = least(expires_at, $6), address = $7
    where handle_hash = $1 and generation = $2 and client_id = $3 and ended_at is null
      and idle_expires_at > $4 and expires_at > $4 and scope @> $8 and audience @> $9
      and ($10::timestamptz is null or rotated_at is null or rotated_at <= $10)
    returning ${COLUMNS.join(', ')}`,
}

/** What a use of a session leaves in its row: when, until when it may now idle, and from where. */
export interface Use {
  readonly at: number
  readonly idleExpiresAt: number
  readonly address: string | undefined
}

/**
 * The rotation: one statement, one round trip, no transaction. Returns the session when the value
 * presented was the current one, and the last rotation was not after `rotatedBefore`; undefined leaves the question to {@link findByHandle} and `decide`.
 */
export async function rotate(
  database: Database,
  handleHash: Buffer,
  presented: Presented,
  use: Use,
  rotatedBefore: number | undefined,
): Promise<Session | undefined> {
  const [row] = await database.run<Row>(ROTATE, [
    handleHash,
    presented.generation,
    presented.clientId,
    new Date(use.at),
    presented.attemptHash ?? null,
    new Date(use.idleExpiresAt),
    use.address ?? null,
    presented.scope,
    presented.resources,
    rotatedBefore === undefined ? null : new Date(rotatedBefore),
  ])
  return row && fromRow(row).session
}

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
  if (filter.sub !== undefined) query = query.where('sub', '=', filter.sub)
  if (filter.clientId !== undefined) query = query.where('client_id', '=', filter.clientId)
  const rows = await query.orderBy('last_used_at', 'desc').limit(filter.limit).execute()
  return rows.map((row) => fromRow(row).session)
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
    })
    .execute()
}

/** What a decision writes into a session's rotation state. */
export interface StateChange {
  readonly generation: number
  readonly attemptHash: Buffer | undefined
  readonly recoveries: number
  readonly recoveriesSince: number | undefined
  readonly rotatedAt: number | undefined
}

/**
 * Moves on the rotation state of a session that {@link lockByHandle} holds; a use of it like any
 * other. Returns the session as it is now.
 */
export async function changeState(
  tx: Executor,
  sid: string,
  change: StateChange,
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
      last_used_at: new Date(use.at),
      idle_expires_at: sql<Date>`least(expires_at, ${new Date(use.idleExpiresAt)})`,
      address: use.address ?? null,
    })
    .where('id', '=', sid)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
  return fromRow(row).session
}

/** Which sessions to end. At least one of the three must be given. */
export interface EndFilter {
  readonly sid?: string
  readonly sub?: string
  readonly clientId?: string
  /** All but this one. */
  readonly exceptSid?: string
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
  if ((filter.sid ?? filter.sub ?? filter.clientId) === undefined) {
    throw new Error('refusing to end every session')
  }
  if (filter.sid !== undefined) query = query.where('id', '=', filter.sid)
  if (filter.sub !== undefined) query = query.where('sub', '=', filter.sub)
  if (filter.clientId !== undefined) query = query.where('client_id', '=', filter.clientId)
  if (filter.exceptSid !== undefined) query = query.where('id', '<>', filter.exceptSid)
  const rows = await query.returning(COLUMNS).execute()
  return rows.map((row) => fromRow(row).session)
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

function select(db: Executor) {
  return db.selectFrom('sessions').select(COLUMNS)
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number]

function fromRow(row: Row): Found {
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
    },
  }
}

/** Throws by sid on a row that cannot be. */
function readEndReason({ id, end_reason }: Row): EndReason {
  const reason = endReasons.find((known) => known === end_reason)
  if (reason === undefined) throw new Error(`session ${id} has an unknown end reason`)
  return reason
}

function toDate(at: number | undefined): Date | null {
  return at === undefined ? null : new Date(at)
}
