import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import pg from 'pg'
import { classify, DatabaseUnavailable } from './failure.ts'
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
  const kysely = new Kysely<Schema>({
    dialect: new PostgresDialect({
      pool: { options: pool.options, connect: () => connect(pool), end: () => pool.end() },
    }),
  })
  return {
    kysely,
    run: (statement, values) =>
      retryConflicts(async () => {
        const connection = await connect(pool)
        try {
          return (await connection.query({ ...statement, values })).rows
        } finally {
          connection.release()
        }
      }),
    transaction: (work) => retryConflicts(() => kysely.transaction().execute(work)),
    close: () => kysely.destroy(),
  }
}

/**
 * A connection that classifies errors and, once it failed as a connection, is destroyed on release:
 * returned plainly, it would fail its next borrower too. Whatever keeps us from connecting, be it a
 * wrong password or a database that takes no connections, is the operator's trouble and no caller's.
 */
async function connect(pool: pg.Pool) {
  const client = await pool.connect().catch((error: unknown) => {
    throw new DatabaseUnavailable(error, false)
  })
  let broken: Error | undefined
  const note = (error: Error) => {
    broken = error
  }
  client.on('error', note)
  return {
    query: async (...parameters: Parameters<pg.PoolClient['query']>) => {
      try {
        return await client.query(...parameters)
      } catch (error) {
        const classified = classify(error)
        if (classified !== error) broken = classified as Error
        throw classified
      }
    },
    release: () => {
      client.off('error', note)
      client.release(broken)
    },
  } as pg.PoolClient
}
