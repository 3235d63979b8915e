import { readdir } from 'node:fs/promises'
import tap from 'tap'
import { connectDatabase } from '../../src/db/connect.ts'
import { migrateUp } from '../../src/db/migrate.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { post, production, startService, until, untilAnswered } from '../support/process.ts'
import { createTestService, type Tokens } from '../support/service.ts'

const JWKS = '/.well-known/jwks.json'
const FOLDER = new URL('../../migrations/', import.meta.url)
const ROUNDS = 20
const CALLERS = 50

tap.setTimeout(300_000)

tap.test('a database that is not migrated is waited for', async (t) => {
  const database = await createTestDatabase(t, 'empty')
  const service = await startService(t, production(database), 'listening')
  const [first = ''] = await migrationNames()
  const readyz = await until('readiness', () => fetch(`${service.url}/readyz`))
  t.equal(readyz.status, 503)
  t.ok(readyz.headers.get('retry-after'))
  t.match(await readyz.json(), {
    status: 'not_ready',
    checks: {
      database: { ok: true },
      migrations: { ok: false, detail: first },
      keys: { ok: false },
    },
  })
  t.equal((await fetch(`${service.url}/livez`)).status, 200, 'it lives')
  t.equal((await fetch(`${service.url}${JWKS}`)).status, 503)
  const refresh = { grant_type: 'refresh_token', client_id: 'web', refresh_token: 'mm_rt_x' }
  const token = await post(service, '/token', refresh)
  t.equal(token.status, 503, 'a refresh is told to come back')
  t.ok(token.headers.get('retry-after'))
  t.match(await token.json(), { error: 'temporarily_unavailable' })
  await until('a hint in the log', async () => service.stdout().includes('mintmark migrate up'))
  const [tables] = await query(database, `select to_regclass('clients') is not null as made`)
  t.strictSame(tables, { made: false }, 'nothing was migrated unasked')
  await migrate(database)
  await untilAnswered(service, `${service.url}/readyz`)
  t.equal((await fetch(`${service.url}${JWKS}`)).status, 200, 'it serves without a restart')
})

tap.test('three replicas that migrate at once agree on everything', async (t) => {
  const database = await createTestDatabase(t, 'empty')
  const env = production(database, { MIGRATE_ON_START: 'true' })
  const replicas = await Promise.all([1, 2, 3].map(() => startService(t, env)))
  const applied = await query(database, 'select name from kysely_migration order by name')
  t.strictSame(
    applied.map(({ name }) => name),
    await migrationNames(),
    'each migration once',
  )
  const keys = await query(database, 'select alg, state from signing_keys order by alg, state')
  t.strictSame(keys, [
    { alg: 'ES256', state: 'active' },
    { alg: 'ES256', state: 'next' },
    { alg: 'RS256', state: 'active' },
    { alg: 'RS256', state: 'next' },
  ])
  const documents = await Promise.all(
    replicas.map(async ({ url }) => (await fetch(`${url}${JWKS}`)).text()),
  )
  t.equal(new Set(documents).size, 1, 'the same bytes from each')
  t.equal(JSON.parse(documents[0] as string).keys.length, 4)
})

tap.test('50 simultaneous refreshes over two processes rotate once, 20 times', async (t) => {
  const setup = await createTestService(t)
  const client = await setup.addClient()
  const { username, password } = await setup.addUser()
  const env = production(setup.databaseUrl)
  const services = await Promise.all([startService(t, env), startService(t, env)])
  const [one, two] = services as [(typeof services)[0], (typeof services)[0]]
  const form = { grant_type: 'password', client_id: client.clientId, username, password }
  let { refresh_token: current } = (await (await post(one, '/token', form)).json()) as Tokens
  for (let round = 1; round <= ROUNDS; round += 1) {
    const refresh = { client_id: client.clientId, refresh_token: current }
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, async (_, caller) => {
        const answer = await post(caller % 2 === 0 ? one : two, '/refresh', refresh)
        const { refresh_token } = (await answer.json()) as Tokens
        return { status: answer.status, refresh_token, ...outcome(answer) }
      }),
    )
    const statuses = answers.map(({ status }) => status)
    t.strictSame(statuses, Array(CALLERS).fill(200), `round ${round}: all get tokens`)
    const successors = new Set(answers.map(({ refresh_token }) => refresh_token))
    t.equal(successors.size, 1, `round ${round}: the same successor`)
    const rotated = answers.filter((answer) => answer.outcome === 'rotated')
    t.equal(rotated.length, 1, `round ${round}: one rotation`)
    current = [...successors][0] as string
  }
  const sessions = await query(setup.databaseUrl, 'select generation, ended_at from sessions')
  t.strictSame(sessions, [{ generation: ROUNDS, ended_at: null }])
})

const outcome = (answer: Response) => ({ outcome: answer.headers.get('refresh-outcome') })

async function migrationNames(): Promise<string[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql'))
  return files.map((name) => name.replace(/\.sql$/, '')).sort()
}

async function migrate(url: string): Promise<void> {
  const database = connectDatabase({ url, poolSize: 1, onIdleError: () => {}, patient: true })
  await migrateUp(database).finally(() => database.close())
}
