import { readdir } from 'node:fs/promises'
import pg from 'pg'
import tap, { type Test } from 'tap'
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/db/embedded/database.ts'
import { createTestDatabase, query } from '../support/database.ts'
import {
  post,
  production,
  type RunningService,
  startService,
  stateDirectory,
  until,
  untilAnswered,
} from '../support/process.ts'
import { createTestService, ISSUER, type TestClient, type Tokens } from '../support/service.ts'
import { prepareTemplate } from '../support/template.ts'

tap.setTimeout(300_000)

tap.test('a database that is away at the start is waited for', async (t) => {
  const server = await createServer(t)
  const { url } = server
  await server.stop()
  const service = await startService(t, production(url, { MIGRATE_ON_START: 'true' }), 'listening')
  const readyz = await until('readiness', () => fetch(`${service.url}/readyz`))
  t.equal(readyz.status, 503)
  t.match(await readyz.json(), { checks: { database: { ok: false }, keys: { ok: false } } })
  t.equal((await fetch(`${service.url}/livez`)).status, 200)
  await until('a line in the log', async () =>
    service.stdout().includes('the database does not answer'),
  )
  await server.start()
  await untilAnswered(service, `${service.url}/readyz`)
  t.equal((await fetch(`${service.url}/.well-known/jwks.json`)).status, 200)
  t.notMatch(service.stdout() + service.stderr(), new URL(url).password, 'no password is logged')
})

tap.test('a connection that breaks half-way through the start is made again', async (t) => {
  const database = await createTestDatabase(t)
  const blocker = new pg.Client(database)
  await blocker.connect()
  t.teardown(() => blocker.end())
  await blocker.query('begin; lock table signing_keys')
  const service = await startService(t, production(database), 'listening')
  await until('the start to come to the keys', async () => {
    const [cut] = await query(
      database,
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'mintmark' and datname = current_database()
         and wait_event_type = 'Lock'`,
    )
    return cut !== undefined
  })
  await blocker.query('rollback')
  await untilAnswered(service, `${service.url}/readyz`)
  t.ok(service.running)
})

tap.test('an outage of the database is answered as one, and is over when it is over', async (t) => {
  const server = await createServer(t)
  await prepareTemplate(server.url)
  const setup = await createTestService(t, { databaseUrl: server.url })
  const web = await setup.addClient()
  const backend = await setup.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials'],
    scope: ['sessions:start'],
    introspects: [ISSUER],
  })
  const { username, password } = await setup.addUser()
  const service = await startService(t, production(server.url))
  const form = { grant_type: 'password', client_id: web.clientId, username, password }
  const tokens = (await (await post(service, '/token', form)).json()) as Tokens
  const jwks = await (await fetch(`${service.url}/.well-known/jwks.json`)).text()
  const requests = storedRequests(service, { web, backend, login: form, tokens })

  await server.stop()
  await untilAnswered(service, `${service.url}/readyz`, 503)
  t.equal((await fetch(`${service.url}/livez`)).status, 200, 'the process lives')
  const readiness = await (await fetch(`${service.url}/readyz`)).json()
  t.match(readiness, { checks: { database: { ok: false, detail: 'does not answer' } } })
  const keys = await fetch(`${service.url}/.well-known/jwks.json`)
  t.equal(await keys.text(), jwks, 'others go on verifying')
  const revocations = await fetch(`${service.url}/.well-known/revocations?since=1`)
  t.equal(revocations.status, 200, 'and have the list that was known last')
  const metadata = await fetch(`${service.url}/.well-known/oauth-authorization-server`)
  t.equal(metadata.status, 200)
  for (const [what, send] of Object.entries(requests)) {
    const answer = await send()
    t.equal(answer.status, 503, `${what}: try again, and keep your tokens`)
    t.ok(Number(answer.headers.get('retry-after')) > 0, `${what}: when to`)
    const body = (await answer.json()) as Record<string, unknown>
    const problem = { status: 503, code: 'database_unavailable' }
    t.match(body, what.startsWith('account') ? problem : { error: 'temporarily_unavailable' }, what)
  }

  await server.start()
  await untilAnswered(service, `${service.url}/readyz`)
  for (const [what, send] of Object.entries(requests)) {
    const answer = await send()
    t.ok(answer.ok, `${what}: works again, answered ${answer.status}`)
  }
  t.notMatch(service.stdout() + service.stderr(), new URL(server.url).password)
})

tap.test('a replica that is restarted during an outage answers the keys that it had', async (t) => {
  const server = await createServer(t)
  await prepareTemplate(server.url)
  const STATE_DIR = await stateDirectory(t, 'state')
  const env = production(server.url, { STATE_DIR })
  const keys = async (service: RunningService) => {
    const answer = await fetch(`${service.url}/.well-known/jwks.json`)
    const { status, headers } = answer
    return { status, etag: headers.get('etag'), body: await answer.text() }
  }
  const first = await startService(t, env)
  const before = await keys(first)
  t.equal(before.status, 200)
  const isWritten = () => readdir(STATE_DIR).catch((): string[] => [])
  await until('the snapshot', async () => (await isWritten()).includes('jwks-snapshot'))
  first.signal('SIGKILL')
  await first.ended()
  await server.stop()

  const second = await startService(t, env, 'listening')
  t.strictSame(await keys(second), before, 'the very bytes, from the first request on')
  const known = { headers: { 'if-none-match': before.etag ?? '' } }
  const again = await fetch(`${second.url}/.well-known/jwks.json`, known)
  t.equal(again.status, 304)
  t.match(again.headers.get('cache-control'), /max-age=5\b/, 'soon asked for again')
  const metadata = await fetch(`${second.url}/.well-known/oauth-authorization-server`)
  t.equal(metadata.status, 200)
  t.equal((await fetch(`${second.url}/livez`)).status, 200)
  const readyz = await fetch(`${second.url}/readyz`)
  t.equal(readyz.status, 503)
  t.match(await readyz.json(), {
    checks: {
      database: { ok: false, detail: 'does not answer' },
      keys: { ok: false, detail: 'not loaded yet; the JWKS is as it was last known' },
    },
  })
  const token = await post(second, '/token', { grant_type: 'client_credentials' })
  t.equal(token.status, 503, 'nothing is signed')
  t.match(await token.json(), { error: 'temporarily_unavailable', reason: 'not_ready' })

  await server.start()
  await untilAnswered(second, `${second.url}/readyz`)
  t.strictSame(await keys(second), before)
})

/** One request for each route that needs the database; none ends what another needs. */
function storedRequests(
  service: RunningService,
  facts: {
    web: TestClient
    backend: TestClient
    login: Record<string, string>
    tokens: Tokens
  },
): Record<string, () => Promise<Response>> {
  const { web, backend, login, tokens } = facts
  const { access_token: token, refresh_token } = tokens
  const refresh = { client_id: web.clientId, refresh_token }
  const bearer = { headers: { authorization: `Bearer ${token}` } }
  const session = JSON.stringify({ sub: 'user-1', client_id: web.clientId })
  return {
    'refresh at /token': () => post(service, '/token', { ...refresh, grant_type: 'refresh_token' }),
    'refresh at /refresh': () => post(service, '/refresh', refresh),
    login: () => post(service, '/token', login),
    'client credentials': () =>
      post(service, '/token', { grant_type: 'client_credentials' }, backend.basic),
    introspect: () => post(service, '/introspect', { token }, backend.basic),
    'start a session': () =>
      fetch(`${service.url}/sessions`, {
        method: 'POST',
        headers: { ...backend.basic, 'content-type': 'application/json' },
        body: session,
      }),
    'account: /me': () => fetch(`${service.url}/me`, bearer),
    'account: /sessions': () => fetch(`${service.url}/sessions`, bearer),
    revoke: () => post(service, '/revoke', { token: refresh_token, client_id: web.clientId }),
    logout: () => post(service, '/logout', { refresh_token }),
  }
}

/** A database server of the test's own, at one address whenever it runs. */
async function createServer(t: Test) {
  const directory = await stateDirectory(t)
  const start = () =>
    openEmbeddedDatabase({ directory, mode: 'own', owner: 'the test', throwaway: true })
  let database: EmbeddedDatabase = await start()
  t.teardown(() => database.close())
  return {
    url: database.url,
    stop: () => database.close(),
    async start() {
      database = await start()
    },
  }
}
