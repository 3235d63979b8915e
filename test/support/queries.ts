import pg from 'pg'

/**
 * Runs something and counts the statements that this process sends meanwhile, whoever sends them:
 * nothing else may be asking.
 */
export async function countQueries<T>(run: () => Promise<T>): Promise<[result: T, count: number]> {
  const client = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown }
  const { query } = client
  let count = 0
  client.query = function counted(this: unknown, ...args: unknown[]) {
    count += 1
    return query.apply(this, args)
  }
  try {
    return [await run(), count]
  } finally {
    client.query = query
  }
}
