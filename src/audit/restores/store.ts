import { sql } from 'kysely'
import type { Executor } from '../../db/connect.ts'

/** A set-back of the database that refreshes have found. Instants are milliseconds since the epoch. */
export interface SetBack {
  /** When the first refresh token came in that was newer than the database. */
  readonly foundAt: number
  /** How many sessions were ahead of it. */
  readonly sessions: number
  /** The newest use of a session that the database still knew of: it is at least as new as that. */
  readonly newestRowAt: number
}

/** How a set-back was made up for. */
export interface Closing {
  readonly at: number
  readonly how: string
  /** How many sessions were ended by it. */
  readonly ended: number
}

const rowUsedAt = sql<number>`(detail ->> 'rowUsedAt')::bigint`

/**
 * The set-back that has not been closed. Sessions come with newer tokens for as long as they may
 * idle: of those whose row had not been used since the last closing, that one has been told.
 */
export async function findSetBack(
  db: Executor,
  lastClosing: Closing | undefined,
): Promise<SetBack | undefined> {
  const ahead = db
    .selectFrom('events')
    .where('type', '=', 'refresh.ahead')
    .where(rowUsedAt, '>', lastClosing?.at ?? 0)
  const { first, sessions } = await ahead
    .select(({ fn }) => [fn.min('at').as('first'), fn.count('sid').distinct().as('sessions')])
    .executeTakeFirstOrThrow()
  if (first === null) return undefined
  // A row that was used since tells nothing of the point that the database was set back to.
  const { newest } = await ahead
    .where(rowUsedAt, '<=', first.getTime())
    .select(({ fn }) => fn.max(rowUsedAt).as('newest'))
    .executeTakeFirstOrThrow()
  return {
    foundAt: first.getTime(),
    sessions: Number(sessions),
    newestRowAt: Number(newest ?? first.getTime()),
  }
}

/** The last time that a set-back was closed. */
export async function findLastClosing(db: Executor): Promise<Closing | undefined> {
  const row = await db
    .selectFrom('events')
    .select(['at', 'detail'])
    .where('type', '=', 'restore.closed')
    .orderBy('at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { how, ended } = row.detail
  return { at: row.at.getTime(), how: String(how), ended: Number(ended) }
}
