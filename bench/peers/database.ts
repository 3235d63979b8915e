import pg from 'pg'

/** As many connections as each peer holds, for good: more than keep two cores busy. */
const CONNECTIONS = 10

export function openPool(databaseUrl: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: CONNECTIONS,
    idleTimeoutMillis: 0,
  })
  // Else a connection that ends while idle would end the process.
  pool.on('error', () => undefined)
  return pool
}

/** Rows in parts that one statement takes without growing large. */
export function* partsOf<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  const size = 1000
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size)
}
