import { setTimeout as pause } from 'node:timers/promises'
import { query } from '../database/query.ts'

/** Rows written so far, in the tables of a database. */
export interface Rows {
  readonly inserted: number
  readonly updated: number
  /** Of those updated, the ones that touched no index. */
  readonly hot: number
  readonly deleted: number
}

/** So long after its last statement, at most, a connection keeps to itself what it has written. */
const POSTGRES_TELLS_AFTER_MS = 10_300

/** Where the write-ahead log of a server ends now, in bytes. */
export async function walBytes(url: string): Promise<number> {
  const [row] = await query<{ bytes: string }>(
    url,
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as bytes`,
  )
  return Number(row?.bytes)
}

/** Waits until Postgres has counted all that idle connections have written before. */
export async function untilCounted(): Promise<void> {
  await pause(POSTGRES_TELLS_AFTER_MS)
}

/** The rows written in a database as far as they are counted; in one table of it, if named. */
export async function rowsWritten(url: string, table?: string): Promise<Rows> {
  const [row] = await query<Record<keyof Rows, number>>(
    url,
    `select coalesce(sum(n_tup_ins), 0)::float8 as inserted,
      coalesce(sum(n_tup_upd), 0)::float8 as updated,
      coalesce(sum(n_tup_hot_upd), 0)::float8 as hot,
      coalesce(sum(n_tup_del), 0)::float8 as deleted
    from pg_stat_user_tables where $1::text is null or relname = $1`,
    [table ?? null],
  )
  return row as Rows
}

/** The rows between two readings, for each of so many requests. */
export function rowsPerRequest(before: Rows, after: Rows, requests: number): Rows {
  return {
    inserted: (after.inserted - before.inserted) / requests,
    updated: (after.updated - before.updated) / requests,
    hot: (after.hot - before.hot) / requests,
    deleted: (after.deleted - before.deleted) / requests,
  }
}
