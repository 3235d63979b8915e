import { Kysely, type Transaction } from 'kysely'
import pg from 'pg'
import { createAcquire } from './acquire.ts'
import { RowLockDialect } from './dialect.ts'
import type { Schema } from './schema.ts'
import { retryConflicts } from './transaction.ts'

/** What runs kysely queries: the database itself, or a transaction of it. */
export type Executor = Kysely<Schema> | Transaction<Schema>

/** One named prepared statement of the hot path; `name` must be unique for its text. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** A pool of connections. Every method throws DatabaseUnavailable when the database does not answer. */
export interface Database {
  /** For queries outside a transaction. */
  readonly kysely: Kysely<Schema>
  /** Runs a prepared statement in one round trip and returns its rows. */
  run<Row>(statement: Statement, values: unknown[]): Promise<Row[]>
  /** Runs `work` in one transaction, READ COMMITTED; tries again when it lost a conflict. */
  transaction<T>(work: (tx: Transaction<Schema>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

const ACQUIRE_LIMIT_MS = 2_000
const STATEMENT_LIMIT_MS = 5_000
// The client's own limit, for a server that is frozen and cannot keep its limit itself.
const ANSWER_LIMIT_MS = 6_000

/**
 * Opens a pool of at most `poolSize` connections to a `postgresql://` URL. Connects when first used.
 * `onIdleError` hears of idle connections that broke; without a listener they would end the process.
 */
export function connectDatabase(options: {
  url: string
  poolSize: number
  onIdleError: (error: unknown) => void
  /** No time limit on statements: for migrations, which may wait for another replica's. */
  patient?: boolean
}): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    application_name: 'mintmark',
    connectionTimeoutMillis: ACQUIRE_LIMIT_MS,
    statement_timeout: options.patient ? 0 : STATEMENT_LIMIT_MS,
    query_timeout: options.patient ? 0 : ANSWER_LIMIT_MS,
    idleTimeoutMillis: 60_000,
  })
  pool.on('error', options.onIdleError)
  // From when the pool lets go of a new connection until its borrower awaited it, nobody else
  // listens: a server that stops just then would end the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  const acquire = createAcquire(pool)
  const kysely = new Kysely<Schema>({
    dialect: new RowLockDialect({
      pool: { options: pool.options, connect: acquire, end: () => pool.end() },
    }),
  })
  return {
    kysely,
    async run(statement, values) {
      const connection = await acquire()
      try {
        return (await connection.query({ ...statement, values })).rows
      } finally {
        connection.release()
      }
    },
    transaction: (work) => retryConflicts(() => kysely.transaction().execute(work)),
    close: () => kysely.destroy(),
  }
}
