import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { migrateUp, migrationStatus } from '../../src/db/migrate.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { atOnce, connect } from './fixtures/sessions.ts'

const NAMES = readdirSync(new URL('../../migrations/', import.meta.url))
  .filter((name) => name.endsWith('.sql'))
  .map((name) => name.replace(/\.sql$/, ''))
  .sort()

t.test('three replicas that migrate at once apply each migration exactly once', async (t) => {
  const url = await createTestDatabase(t, 'empty')
  const replicas = [1, 2, 3].map(() => connect(t, url, 1))
  const applied = await Promise.all(replicas.map(migrateUp))
  t.strictSame(applied.flat().sort(), NAMES, 'each by one of them')
  t.equal(applied.filter((names) => names.length > 0).length, 1, 'the others had to wait')
  const rows = await query(url, 'select name from kysely_migration order by name')
  t.strictSame(
    rows.map(({ name }) => name),
    NAMES,
  )
  t.strictSame(await migrateUp(connect(t, url, 1)), [], 'and there is nothing left to do')
})

t.test('the status tells what is pending, and changes nothing', async (t) => {
  const url = await createTestDatabase(t, 'empty')
  const database = connect(t, url, 1)
  const pending = NAMES.map((name) => ({ name, appliedAt: undefined }))
  t.strictSame(await migrationStatus(database), pending)
  t.strictSame(await query(url, "select from pg_class where relname like 'kysely%'"), [])
  await migrateUp(database)
  const status = await migrationStatus(database)
  t.strictSame(
    status.map(({ name }) => name),
    NAMES,
  )
  for (const { appliedAt } of status) t.match(appliedAt, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

t.test('a migration that fails is named and leaves nothing behind', async (t) => {
  const url = await createTestDatabase(t, 'empty')
  // The last table of the first migration is in the way.
  await query(url, 'create table events (id integer)')
  const database = connect(t, url, 1)
  await t.rejects(migrateUp(database), {
    message: `migration ${NAMES[0]} failed and was rolled back`,
  })
  const tables = "select from pg_class where relname in ('clients', 'users', 'sessions')"
  t.strictSame(await query(url, tables), [])
  t.equal((await migrationStatus(database))[0]?.appliedAt, undefined)
  await query(url, 'drop table events')
  t.strictSame(await migrateUp(database), NAMES, 'it can be applied once the way is free')
})

/** How src/db/schema.ts spells a column, and what Postgres must then say of it. */
const TYPES: Record<string, [type: string, nullable: boolean]> = {
  string: ['text', false],
  'string | null': ['text', true],
  'string[]': ['ARRAY', false],
  number: ['integer', false],
  'number | null': ['integer', true],
  Count: ['bigint', false],
  NullableCount: ['bigint', true],
  Buffer: ['bytea', false],
  'Buffer | null': ['bytea', true],
  Instant: ['timestamp with time zone', false],
  NullableInstant: ['timestamp with time zone', true],
  Claims: ['jsonb', false],
  boolean: ['boolean', false],
  'Json<Record<string, string>>': ['jsonb', false],
}

/** The tables that src/db/schema.ts declares: of each its columns, as they are spelled there. */
function declaredTables(): Map<string, Map<string, string>> {
  const text = readFileSync(new URL('../../src/db/schema.ts', import.meta.url), 'utf8')
  const interfaces = new Map(
    [...text.matchAll(/interface (\w+) \{\n([^}]*)\}/g)].map(([, name = '', body = '']) => {
      const members = [...body.matchAll(/^ {2}(\w+): (.+)$/gm)]
      return [name, new Map(members.map(([, member = '', type = '']) => [member, type]))]
    }),
  )
  const schema = interfaces.get('Schema') ?? new Map<string, string>()
  return new Map([...schema].map(([table, type]) => [table, interfaces.get(type) ?? new Map()]))
}

t.test('the types of the tables are those of the migrated database', async (t) => {
  const url = await createTestDatabase(t)
  const rows = await query(
    url,
    `select table_name, column_name, data_type, is_nullable from information_schema.columns
    where table_schema = 'public' and table_name not like 'kysely%' and table_name not like 'events\\_%'`,
  )
  const actual: Record<string, Record<string, string>> = {}
  for (const row of rows) {
    const { table_name: table, column_name: column, data_type: type, is_nullable } = row
    actual[String(table)] ??= {}
    const columns = actual[String(table)] as Record<string, string>
    // A uuid is a string to the driver.
    const known = type === 'uuid' ? 'text' : String(type)
    columns[String(column)] = `${known}, ${is_nullable === 'YES' ? 'nullable' : 'not null'}`
  }
  const declared = declaredTables()
  t.ok(declared.size >= 7, `${declared.size} tables were read`)
  const expected: Record<string, Record<string, string>> = {}
  for (const [table, columns] of declared) {
    t.ok(columns.size >= 1, `${table}: ${columns.size} columns were read`)
    expected[table] = Object.fromEntries(
      [...columns].map(([column, spelled]) => {
        const [type, nullable] = TYPES[spelled] ?? [`unknown type ${spelled}`, false]
        return [column, `${type}, ${nullable ? 'nullable' : 'not null'}`]
      }),
    )
  }
  t.strictSame(actual, expected)
})

t.test('no index names a column that a rotation changes', async (t) => {
  const url = await createTestDatabase(t)
  const [row] = await query(
    url,
    `select array_agg(distinct a.attname::text) as columns
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
    where i.indrelid = 'sessions'::regclass`,
  )
  const indexed = row?.columns as string[]
  t.ok(indexed.includes('handle_hash'))
  const changed = ['generation', 'rotated_at', 'attempt_hash', 'last_used_at', 'idle_expires_at']
  for (const column of [...changed, 'address']) t.notOk(indexed.includes(column), column)
})

t.test('the database refuses rows that cannot be', async (t) => {
  const url = await createTestDatabase(t)
  const at = new Date(0)
  const client = (method: string, hash: Buffer | null) =>
    query(
      url,
      `insert into clients (client_id, name, token_endpoint_auth_method, secret_hash, grant_types,
        scope, audience, introspects, roles, claims, created_at)
      values ('c', '', $1, $2, '{}', '{}', '{}', '{}', '{}', '{}', $3)`,
      [method, hash, at],
    )
  await t.rejects(client('none', Buffer.alloc(32)), { code: '23514' }, 'a public one with a secret')
  await t.rejects(client('client_secret_post', null), { code: '23514' }, 'one without its secret')
  await t.rejects(client('other', Buffer.alloc(32)), { code: '23514' }, 'an unknown method')
  const tries = await atOnce(2, (n) =>
    query(
      url,
      `insert into signing_keys select 'copy' || $1, alg, state, public_jwk, private_key_sealed,
        master_key_id, created_at from signing_keys where alg = 'ES256'`,
      [String(n)],
    ).catch((error: { code: string }) => error.code),
  )
  t.strictSame(tries, ['23505', '23505'], 'a second active key of one algorithm')
})
