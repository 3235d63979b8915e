import pg from 'pg'
import t, { type Test } from 'tap'
import { migrateUp } from '../../src/db/migrate.ts'
import { clean, cleanFeed } from '../../src/maintenance/clean.ts'
import { keepEvents } from '../../src/maintenance/keep-events.ts'
import { connect } from '../store/fixtures/sessions.ts'
import { createTestAdmin } from '../support/admin.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { type Pooler, skipWithoutPooler, startPooler } from '../support/pooler.ts'
import { freePort } from '../support/process.ts'
import { fetchList } from '../support/revocations.ts'
import { createTestService, type TestService, type Tokens } from '../support/service.ts'

// One waits for a limit of six seconds, beside the others.
t.jobs = 2
t.setTimeout(120_000)

/** Of a test that may run beside another; tap keeps its own accounts in the object. */
const options = () => ({ skip: skipWithoutPooler, buffered: true })

/** A pgbouncer in transaction mode that needs no setting of ours; ended with the test. */
async function pool(t: Test, databaseUrl: string, poolSize = 3): Promise<Pooler> {
  const pooler = await startPooler({ serverUrl: databaseUrl, port: await freePort(), poolSize })
  t.teardown(pooler.close)
  return pooler
}

const together = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)))

async function serviceBehind(t: Test, kind: 'migrated' | 'empty' = 'migrated') {
  const databaseUrl = await createTestDatabase(t, kind)
  const pooler = await pool(t, databaseUrl)
  return { databaseUrl, pooler, url: pooler.through(databaseUrl) }
}

const logsOf = ({ log }: TestService) => log.filter((line) => line.includes('a pooler'))

t.test('through a pooler users log in, refresh all at once, and log out', options(), async (t) => {
  const { url, databaseUrl } = await serviceBehind(t)
  const service = await createTestService(t, {
    databaseUrl: url,
    env: { RATE_LIMIT_REFRESH: 'off' },
  })
  const client = await service.addClient()
  const users = await together(20, () => service.logIn(client))
  let current = users[0]?.tokens.refresh_token as string
  for (let round = 1; round <= 3; round += 1) {
    const answers = await together(50, () => service.refresh(client, current))
    t.strictSame(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
    const outcomes = answers.map(({ headers }) => headers['refresh-outcome'])
    t.equal(outcomes.filter((outcome) => outcome === 'rotated').length, 1, 'it rotates once')
    const successors = new Set(answers.map((answer) => answer.json<Tokens>().refresh_token))
    t.equal(successors.size, 1, 'and all have the same successor')
    current = [...successors][0] as string
  }
  const all = await Promise.all(
    users.slice(1).map(({ tokens }) => service.refresh(client, tokens.refresh_token)),
  )
  t.strictSame(new Set(all.map(({ headers }) => headers['refresh-outcome'])), new Set(['rotated']))

  t.equal((await service.post('/logout', { refresh_token: current })).statusCode, 204)
  const refused = await service.refresh(client, current)
  t.match(refused.json(), { error: 'invalid_grant', reason: 'session_revoked' })
  t.equal((await fetchList(service)).entries.length, 1, 'verifiers learn of it')
  const rows = await query(
    databaseUrl,
    'select generation, ended_at is null as alive, count(*)::int from sessions group by 1, 2 order by 1',
  )
  t.strictSame(rows, [
    { generation: 1, alive: true, count: 19 },
    { generation: 3, alive: false, count: 1 },
  ])
  const said = logsOf(service)
  t.match(said, [/statement_timeout/, /prepared statements/], 'what the pooler lacks is logged')
  t.equal(said.length, 2, 'once')
})

t.test(
  'through a pooler operators read, keys rotate, what is old is deleted',
  options(),
  async (t) => {
    const { url } = await serviceBehind(t)
    const service = await createTestService(t, { databaseUrl: url })
    const { parts, clock } = service
    const { sub } = await service.logIn()
    const admin = await createTestAdmin(t, service)
    t.match((await admin.ask(`GET /sessions?sub=${sub}`)).json(), { sessions: [{ sub }] })
    t.match((await admin.ask('GET /events?type=session.started')).json(), { events: [{ sub }] })
    t.equal((await admin.ask(`PUT /cut-offs/users/${sub}`, { payload: {} })).statusCode, 200)
    t.match((await fetchList(service)).entries, [{ sub }])

    await parts.advanceKeys()
    t.equal((await admin.ask('POST /keys/rotate', { payload: {} })).statusCode, 200)
    await together(3, () => parts.advanceKeys())
    await parts.keyRing.load()
    const { keys } = (await service.inject({ url: '/.well-known/jwks.json' })).json()
    t.equal(keys.length, 4, 'of two algorithms the key that signs and the next')

    const { database } = parts
    const made = await together(2, () => keepEvents({ ...parts, database }))
    t.ok(
      made.some((one) => one.made > 0),
      'days are made',
    )
    clock.advance(400 * 86_400_000)
    const pause = async () => {}
    t.equal(await clean({ db: database.kysely, clock, pause }), 1, 'the session')
    t.ok((await cleanFeed({ db: database.kysely, clock, pause })) > 0, 'what is in the list')
    t.ok((await keepEvents({ ...parts, database })).dropped > 0, 'days are dropped')
  },
)

t.test(
  'through a pooler replicas migrate, and one that fails locks out nobody',
  options(),
  async (t) => {
    const { url, databaseUrl } = await serviceBehind(t, 'empty')
    await query(databaseUrl, 'create table events (id integer)')
    const failing = connect(t, url, 1)
    await t.rejects(migrateUp(failing), { message: /failed and was rolled back/ })
    await query(databaseUrl, 'drop table events')
    const applied = await together(3, () => migrateUp(connect(t, url, 1)))
    t.equal(applied.filter((names) => names.length > 0).length, 1, 'one migrates, the others wait')
    const left = `select from pg_locks join pg_database on oid = database
      where datname = current_database() and locktype = 'advisory'`
    t.strictSame(await query(databaseUrl, left), [])
  },
)

t.test('two versions behind one pooler never run each other’s statement', options(), async (t) => {
  const databaseUrl = await createTestDatabase(t)
  const url = (await pool(t, databaseUrl, 2)).through(databaseUrl)
  const [older, newer] = [connect(t, url, 1), connect(t, url, 1)]
  const asked = (n: number) => ({ name: 'asked', text: `select ${n} as n` })
  const [one, two] = [asked(1), asked(2)]
  const hold = async () => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query('begin')
    return async () => {
      await client.query('rollback')
      await client.end()
    }
  }
  t.strictSame(await older.run(one, []), [{ n: 1 }], 'on the first connection')
  const letFirstGo = await hold()
  t.strictSame(await newer.run(two, []), [{ n: 2 }], 'on the second')
  const letSecondGo = await hold()
  await letFirstGo()
  t.strictSame(await newer.run(two, []), [{ n: 2 }], 'on that of the older version')
  await letSecondGo()
})

t.test('a pooler that ends is an outage, and over when it is back', options(), async (t) => {
  const { url, pooler } = await serviceBehind(t)
  const service = await createTestService(t, { databaseUrl: url })
  const { client, tokens } = await service.logIn()
  await pooler.kill()
  t.equal((await service.refresh(client, tokens.refresh_token)).statusCode, 503)
  await pooler.start()
  t.equal((await service.refresh(client, tokens.refresh_token)).statusCode, 200)
})

t.test('a statement that nobody waits for is cancelled behind a pooler', options(), async (t) => {
  const { url, databaseUrl } = await serviceBehind(t)
  const database = connect(t, url, 1)
  const asleep = 'select pg_sleep(600)'
  const lost = database.run({ name: 'asleep', text: asleep }, [])
  await t.rejects(lost, { name: 'DatabaseUnavailable', fateUnknown: true })
  const left = `select from pg_stat_activity where state = 'active' and query = '${asleep}'`
  while ((await query(databaseUrl, left)).length > 0);
  t.strictSame(await database.run({ name: 'one', text: 'select 1 as n' }, []), [{ n: 1 }])
})
