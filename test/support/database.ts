import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Test } from 'tap'

/** What `npm test` tells its test files: the server, and the migrated database to copy. */
export const SERVER_VARIABLE = 'MINTMARK_TEST_SERVER'
export const TEMPLATE_VARIABLE = 'MINTMARK_TEST_TEMPLATE'
/** The pooler before that server, where the run has one: tests reach their databases through it. */
export const POOLER_VARIABLE = 'MINTMARK_TEST_POOLER'

/** A URL of the same server that names another database. */
export function withDatabase(url: string, database: string): string {
  const copy = new URL(url)
  copy.pathname = `/${database}`
  return copy.href
}

/** Runs one statement on a database and returns its rows. */
export async function query(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  // A server that ends meanwhile is told by the rejection; unheard, its error would end the process.
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text, values)).rows
  } finally {
    await client.end()
  }
}

/** A database of the test file's own. `empty` leaves out the migrations. Dropped at the end. */
export async function createTestDatabase(
  t: Test,
  kind: 'migrated' | 'empty' = 'migrated',
): Promise<string> {
  const server = process.env[SERVER_VARIABLE]
  const template = process.env[TEMPLATE_VARIABLE]
  if (server === undefined || template === undefined) {
    throw new Error('run tests by "npm test", or "npm test -- test/store/some.test.ts"')
  }
  const name = `mintmark_test_${randomUUID().replaceAll('-', '')}`
  const source = kind === 'migrated' ? template : 'template0'
  await query(server, `create database ${name} template ${source}`)
  t.teardown(() => query(server, `drop database if exists ${name} with (force)`))
  return withDatabase(process.env[POOLER_VARIABLE] ?? server, name)
}
