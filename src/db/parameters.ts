import type pg from 'pg'
import { isParameterRefused } from './failure.ts'

/**
 * Takes connections out of a pool. Where a pooler in between refuses the limit that we set to
 * statements when we connect, as pgbouncer does, connections are opened without it from then on.
 * @param onRefused hears of it, once
 */
export function createConnect(pool: pg.Pool, onRefused: () => void): () => Promise<pg.PoolClient> {
  return async () => {
    try {
      return await pool.connect()
    } catch (error) {
      if (!isParameterRefused(error)) throw error
      // Of those that were under way, one speaks for all.
      if (isLimitedByServer(pool)) onRefused()
      pool.options.statement_timeout = false
      return pool.connect()
    }
  }
}

/** Whether the server itself ends statements that take too long. */
export function isLimitedByServer(pool: pg.Pool): boolean {
  return Boolean(pool.options.statement_timeout)
}
