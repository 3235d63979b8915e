import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import tap, { type Test } from 'tap'
import { createTestDatabase, query } from '../support/database.ts'
import {
  freePort,
  MAIN,
  post,
  production,
  type RunningService,
  startProgram,
  startService,
  stateDirectory,
  until,
  untilAnswered,
} from '../support/process.ts'
import { createTestService } from '../support/service.ts'

tap.setTimeout(300_000)

tap.test('with a DATABASE_URL nothing is made up', async (t) => {
  const database = await createTestDatabase(t)
  const directory = await stateDirectory(t)
  const service = await startService(t, production(database, { STATE_DIR: directory }))
  const counts = await query(
    database,
    'select (select count(*)::int from clients) clients, (select count(*)::int from users) users',
  )
  t.strictSame(counts, [{ clients: 0, users: 0 }])
  t.equal(service.stderr(), '', 'no announcement')
  for (const line of service.stdout().trim().split('\n')) t.ok(JSON.parse(line), 'the log is JSON')
  service.signal('SIGTERM')
  t.equal(await service.ended(), 0)
})

tap.test('every problem of the configuration is told at once, and no value', async (t) => {
  const service = startProgram(t, MAIN, {
    DATABASE_URL: 'mysql://canary-user:canary-password@localhost/db',
    ISSUER: 'http://auth.example/',
    MASTER_KEYS: '1:canary-key',
    PORT: '70000',
    ACCESS_TOKEN_TTL: 'canary-duration',
    LOG_LEVEL: 'loud',
  })
  t.equal(await service.ended(), 1)
  const problems = service.stderr().match(/^ {2}[A-Z_]+ .*Example: .*$/gm) ?? []
  t.strictSame(problems.map((line) => line.trim().split(' ')[0]).sort(), [
    'ACCESS_TOKEN_TTL',
    'DATABASE_URL',
    'ISSUER',
    'LOG_LEVEL',
    'MASTER_KEYS',
    'PORT',
  ])
  t.notMatch(service.stderr() + service.stdout(), /canary/)
  t.notMatch(service.stderr(), /\n\s+at /, 'without a stack')
})

tap.test(
  'with other master keys than the data it does not run, and says which it lacks',
  async (t) => {
    const database = await createTestDatabase(t)
    const key = randomBytes(32).toString('base64')
    for (const [masterKeys, told] of [
      [
        { MASTER_KEYS: `1:${key}` },
        /^master key 1 does not open signing key \S+ [ER]S256: MASTER_KEYS/,
      ],
      [
        { MASTER_KEYS: '', MASTER_KEYS_COMMAND: `echo '2:${key}'` },
        /^MASTER_KEYS .* key with id 1,/,
      ],
    ] as const) {
      const port = String(await freePort())
      // Nobody was sent here: there is nobody to wait for.
      const more = { PORT: port, SHUTDOWN_DELAY: '10m', ...masterKeys }
      const service = startProgram(t, MAIN, production(database, more))
      const statuses = new Set<number>()
      await until('its end', async () => {
        const readiness = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
        if (readiness !== undefined) statuses.add(readiness.status)
        return !service.running
      })
      t.notOk(statuses.has(200), 'it never says that it is ready')
      t.equal(await service.ended(), 1)
      t.match(service.stderr(), told)
      const output = service.stderr() + service.stdout()
      t.notOk(output.includes(key), 'but shows no key')
      t.notMatch(service.stderr(), /\n\s+at /, 'without a stack')
    }
    const [row] = await query(database, 'select count(*)::int keys from signing_keys')
    t.strictSame(row, { keys: 4 }, 'and makes no keys beside the ones it cannot open')
  },
)

tap.test('SIGTERM answers every request that is under way, then ends with 0', async (t) => {
  const { service, form } = await startWithUser(t, { PASSWORD_CONCURRENCY: '1' })
  const logins = await Promise.all(Array.from({ length: 30 }, () => startLogin(t, service)))
  const statuses: number[] = []
  const answered = logins.map(async (login) => {
    const [answer] = (await once(login, 'response')) as [IncomingMessage]
    for await (const _ of answer);
    statuses.push(answer.statusCode ?? 0)
  })
  for (const login of logins) login.end(String(form))
  await until('the first answer', async () => statuses.length > 0)
  service.signal('SIGTERM')
  await until('closing', async () => service.stdout().includes('"closing"'))
  t.ok(statuses.length < logins.length, 'some are still waiting when it begins to close')
  await Promise.all(answered)
  t.strictSame(statuses, Array(logins.length).fill(200))
  t.equal(await service.ended(), 0)
})

tap.test('readiness is withdrawn before the service stops to answer', async (t) => {
  const { service, form } = await startWithUser(t, { SHUTDOWN_DELAY: '5s' })
  service.signal('SIGTERM')
  await untilAnswered(service, `${service.url}/readyz`, 503)
  const readiness = await (await fetch(`${service.url}/readyz`)).json()
  t.match(readiness, { status: 'not_ready', checks: { shutdown: { ok: false } } })
  t.equal((await fetch(`${service.url}/livez`)).status, 200)
  t.equal((await post(service, '/token', Object.fromEntries(form))).status, 200)
})

tap.test('the time to finish begins when the delay is over', async (t) => {
  const { service } = await startWithUser(t, { SHUTDOWN_DELAY: '2s', SHUTDOWN_TIMEOUT: '1s' })
  service.signal('SIGTERM')
  t.equal(await service.ended(), 0)
  t.notMatch(service.stdout(), 'closing took longer')
})

tap.test('a second signal, given on purpose, ends it at once', async (t) => {
  const { service } = await startWithUser(t, { SHUTDOWN_DELAY: '10m' })
  // Those that come within the first second count as the same one.
  await until('the end', async () => {
    service.signal('SIGTERM')
    return !service.running
  })
  t.equal(await service.ended(), 1)
})

tap.test('a service that still waits for its database closes cleanly, too', async (t) => {
  const nobody = `postgres://nobody:secret@127.0.0.1:${await freePort()}/nothing`
  const service = await startService(t, production(nobody), 'listening')
  await until('the wait', async () => service.stdout().includes('waiting to become ready'))
  service.signal('SIGTERM')
  t.equal(await service.ended(), 0)
  t.equal(service.stderr(), '')
})

async function startWithUser(t: Test, more: Record<string, string>) {
  const setup = await createTestService(t)
  const client = await setup.addClient()
  const { username, password } = await setup.addUser()
  const service = await startService(t, production(setup.databaseUrl, more))
  const form = new URLSearchParams({
    grant_type: 'password',
    client_id: client.clientId,
    username,
    password,
  })
  return { service, form }
}

/** A login that the service has begun to handle (it said "100 Continue"), and whose body is owed. */
async function startLogin(t: Test, service: RunningService): Promise<ClientRequest> {
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const login = request(`${service.url}/token`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/x-www-form-urlencoded', expect: '100-continue' },
  })
  login.flushHeaders()
  await once(login, 'continue')
  return login
}
