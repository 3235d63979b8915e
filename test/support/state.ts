import type { Test } from 'tap'
import { query } from './database.ts'
import type { TestService } from './service.ts'

/** That somebody was refused is written down, and changes nothing for anybody. */
const NOT_NOTES: Record<string, string> = {
  sessions: "to_jsonb(sessions) - 'refusals' - 'refusals_since' from sessions",
  events: "* from events where type not in ('refresh.refused', 'client.authentication_failed')",
}

/** By database: counts the rows of every table and makes a checksum over all that they hold. */
const statements = new Map<string, string>()

async function statementFor(databaseUrl: string): Promise<string> {
  const known = statements.get(databaseUrl)
  if (known !== undefined) return known
  const tables = await query(
    databaseUrl,
    "select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not like 'events\\_%'",
  )
  const statement = tables
    .map(
      ({ name }) =>
        `select '${name}' as name, count(*)::int as rows, md5(string_agg(row::text, ' ' order by row::text)) as checksum from (select ${NOT_NOTES[`${name}`] ?? `* from ${name}`}) row`,
    )
    .join(' union all ')
  statements.set(databaseUrl, `${statement} order by name`)
  return statementFor(databaseUrl)
}

/** How many rows each table has, and a checksum over all that stands in them. */
export async function stateOf({ databaseUrl }: TestService): Promise<Record<string, unknown>[]> {
  return query(databaseUrl, await statementFor(databaseUrl))
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
