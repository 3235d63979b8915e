import type { Executor } from '../db/connect.ts'
import { unreadable } from '../db/failure.ts'
import {
  type CutOff,
  type CutOffReason,
  type CutOffSubject,
  cutOffReasons,
  type MadeCutOff,
} from './cut-off.ts'

/**
 * Marks an access token as revoked until it would have expired anyway (milliseconds since the
 * epoch). Returns whether it was not marked before.
 */
export async function revokeToken(
  tx: Executor,
  token: { jti: string; expiresAt: number },
  at: number,
): Promise<boolean> {
  const result = await tx
    .insertInto('revoked_tokens')
    .values({
      jti: token.jti,
      revoked_at: new Date(at),
      expires_at: new Date(token.expiresAt),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Whether an access token was revoked by its `jti`. */
export async function isTokenRevoked(db: Executor, jti: string): Promise<boolean> {
  const row = await db
    .selectFrom('revoked_tokens')
    .select('jti')
    .where('jti', '=', jti)
    .executeTakeFirst()
  return row !== undefined
}

/** Deletes at most `limit` marks of tokens that expired before `before`; returns how many. */
export async function deleteExpiredRevocations(
  db: Executor,
  before: number,
  limit: number,
): Promise<number> {
  const result = await db
    .deleteFrom('revoked_tokens')
    .where('jti', 'in', (inner) =>
      inner
        .selectFrom('revoked_tokens')
        .select('jti')
        .where('expires_at', '<', new Date(before))
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

/**
 * Makes a cut-off, or moves the one before on: the newest instant stands. `marking` says that there
 * are rows left to be marked as ended. Returns the cut-off as it then is.
 */
export async function putCutOff(
  tx: Executor,
  cutOff: MadeCutOff,
  marking: boolean,
): Promise<MadeCutOff> {
  const { kind, id, reason, madeBy } = cutOff
  const values = {
    not_before: new Date(cutOff.notBefore),
    reason,
    made_at: new Date(cutOff.madeAt),
    made_by: madeBy,
    marking,
  }
  await tx
    .insertInto('cut_offs')
    .values({ kind, id, ...values })
    .onConflict((conflict) =>
      conflict
        .columns(['kind', 'id'])
        .doUpdateSet(values)
        .where('cut_offs.not_before', '<', values.not_before),
    )
    .execute()
  return fromRow(
    await select(tx).where('kind', '=', kind).where('id', '=', id).executeTakeFirstOrThrow(),
  )
}

/** The cut-off of a user or a client; undefined when there is none. */
export async function findCutOff(
  db: Executor,
  { kind, id }: CutOffSubject,
): Promise<MadeCutOff | undefined> {
  const row = await select(db).where('kind', '=', kind).where('id', '=', id).executeTakeFirst()
  return row && fromRow(row)
}

/** Those whose sessions have not all been marked as ended. */
export async function listMarking(db: Executor): Promise<MadeCutOff[]> {
  const rows = await select(db).where('marking', '=', true).execute()
  return rows.map(fromRow)
}

/** Notes that all sessions behind a cut-off have been marked as ended; not when it has moved on. */
export async function endMarking(tx: Executor, cutOff: MadeCutOff): Promise<void> {
  await tx
    .updateTable('cut_offs')
    .set({ marking: false })
    .where('kind', '=', cutOff.kind)
    .where('id', '=', cutOff.id)
    .where('not_before', '=', new Date(cutOff.notBefore))
    .execute()
}

/** A cut-off as it stands in a row; undefined where there is none. */
export function readCutOff(row: {
  not_before: Date | null
  reason: string | null
  made_at: Date | null
}): CutOff | undefined {
  const { not_before: notBefore, reason, made_at: madeAt } = row
  if (notBefore === null || madeAt === null) return undefined
  const known = cutOffReasons.find((one) => one === reason)
  if (known === undefined) throw unreadable('a cut-off has an unknown reason')
  return { notBefore: notBefore.getTime(), reason: known, madeAt: madeAt.getTime() }
}

/** All cut-offs, for the stores of this room to narrow. */
export function select(db: Executor) {
  return db
    .selectFrom('cut_offs')
    .select(['kind', 'id', 'not_before', 'reason', 'made_at', 'made_by'])
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number]

/** What a selected row says. */
export function fromRow(row: Row): MadeCutOff {
  return {
    kind: row.kind as CutOffSubject['kind'],
    id: row.id,
    notBefore: row.not_before.getTime(),
    reason: row.reason as CutOffReason,
    madeAt: row.made_at.getTime(),
    madeBy: row.made_by,
  }
}
