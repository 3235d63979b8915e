import type { Test } from 'tap'
import { query } from './database.ts'
import type { TestService } from './service.ts'

/** How many rows each table has, and a checksum over all that stands in them. */
export async function stateOf(service: TestService): Promise<Record<string, string>> {
  const tables = await query(
    service.databaseUrl,
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1",
  )
  const state: Record<string, string> = {}
  for (const { name } of tables) {
    const [row] = await query(
      service.databaseUrl,
      `select count(*) || ' rows, ' || coalesce(md5(string_agg(row::text, E'\\n' order by row::text)), '') as sum from "${name}" row`,
    )
    state[name as string] = row?.sum as string
  }
  return state
}

/** Runs something that must change nothing in the database, in no table. */
export async function unchanged<T>(
  t: Test,
  service: TestService,
  what: string,
  run: () => Promise<T>,
): Promise<T> {
  const before = await stateOf(service)
  const result = await run()
  t.strictSame(await stateOf(service), before, `${what}: nothing changed`)
  return result
}
