import { Kysely, type Transaction } from 'kysely'
import pg from 'pg'
import { createAcquire } from './acquire.ts'
import { RowLockDialect } from './dialect.ts'
import type { Schema } from './schema.ts'
import { createRunStatement, type RunStatement } from './statements.ts'
import { retryConflicts } from './transaction.ts'

/** What runs kysely queries: the database itself, or a transaction of it. */
export type Executor = Kysely<Schema> | Transaction<Schema>

/** A pool of connections. Every method throws DatabaseUnavailable when the database does not answer. */
export interface Database {
  /** For queries outside a transaction. */
  readonly kysely: Kysely<Schema>
  /** Runs a prepared statement in one round trip and returns its rows. */
  readonly run: RunStatement
  /** Runs `work` in one transaction, READ COMMITTED; tries again when it lost a conflict. */
  transaction<T>(work: (tx: Transaction<Schema>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

const ACQUIRE_LIMIT_MS = 2_000
const STATEMENT_LIMIT_MS = 5_000
// The client's own limit, for a server that is frozen and cannot keep its limit itself.
const ANSWER_LIMIT_MS = 6_000

const NO_LIMIT =
  'a pooler refuses statement_timeout: statements are cancelled after 6 seconds from here; "alter role … set statement_timeout" has the server do it'
const NO_NAMES =
  'a pooler mixes up prepared statements: each is sent with its text from now on; pgbouncer 1.21 or newer with max_prepared_statements keeps them'

/**
 * Opens a pool of at most `poolSize` connections to a `postgresql://` URL. Connects when first used.
 * `onIdleError` hears of idle connections that broke; without a listener they would end the process.
 * `onPooler` hears, each once, of what a pooler in between does not carry, and what is done instead.
 */
export function connectDatabase(options: {
  url: string
  poolSize: number
  onIdleError: (error: unknown) => void
  onPooler?: (message: string) => void
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
  const { onPooler } = options
  const acquire = createAcquire(pool, () => onPooler?.(NO_LIMIT))
  const kysely = new Kysely<Schema>({
    dialect: new RowLockDialect({
      pool: { options: pool.options, connect: acquire, end: () => pool.end() },
    }),
  })
  return {
    kysely,
    run: createRunStatement(acquire, () => onPooler?.(NO_NAMES)),
    transaction: (work) => retryConflicts(() => kysely.transaction().execute(work)),
    close: () => kysely.destroy(),
  }
}
