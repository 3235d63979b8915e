import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import tap from 'tap'
import { base62 } from '../../src/base/encoding.ts'
import { summary } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import { OWN_PAGE } from '../support/cookies.ts'
import { query } from '../support/database.ts'
import { readPrivateKey } from '../support/forge.ts'
import { post, production, type RunningService, startService, until } from '../support/process.ts'
import { createTestService, ISSUER, type TestService, type Tokens } from '../support/service.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'

/** Every path that the service answers, and one that it does not. */
const PATHS = [
  '/token',
  '/refresh',
  '/logout',
  '/revoke',
  '/introspect',
  '/sessions',
  '/me',
  '/livez',
  '/readyz',
  '/docs',
  '/openapi.json',
  '/.well-known/jwks.json',
  '/.well-known/oauth-authorization-server',
  '/',
  '/version',
  '/nothing',
]

/** Where in a request people put secrets that belong elsewhere. */
const FIELDS = ['password', 'client_secret', 'refresh_token', 'access_token', 'token', 'code']

const WRONG = 'canary-8f3a1c5e7b9d2460'

tap.setTimeout(300_000)

attack(
  178,
  'no secret reaches the log or the database, wherever in a request it stands',
  async (t) => {
    const setup = await createTestService(t)
    const web = await setup.addClient()
    const backend = await setup.addClient({
      authenticationMethod: 'client_secret_basic',
      grantTypes: ['client_credentials', 'password', 'refresh_token'],
      scope: ['sessions:start'],
      introspects: [ISSUER],
    })
    const poster = await setup.addClient({
      authenticationMethod: 'client_secret_post',
      grantTypes: ['client_credentials'],
    })
    const page = { ...OWN_PAGE, origin: ISSUER }
    const spa = await setup.addClient({ clientId: 'spa', refreshTokenIn: 'cookie' })
    const { username, password } = await setup.addUser({ password: 'canary pass+word %41 é' })
    const env = production(setup.databaseUrl, { LOG_LEVEL: 'trace', DOCS: 'on' })
    const service = await startService(t, env)
    const json = { 'content-type': 'application/json' }

    // What works.
    const login = { grant_type: 'password', username, password }
    const loggedIn = await post(service, '/token', { ...login, client_id: web.clientId })
    t.equal(loggedIn.status, 200)
    const first = (await loggedIn.json()) as Tokens
    const refresh = { client_id: web.clientId, refresh_token: first.refresh_token }
    const second = (await (await post(service, '/refresh', refresh)).json()) as Tokens
    const started = await fetch(`${service.url}/sessions`, {
      method: 'POST',
      headers: { ...backend.basic, ...json },
      body: JSON.stringify({ sub: 'user-1', client_id: web.clientId }),
    })
    t.equal(started.status, 201)
    const third = (await started.json()) as Tokens
    const kept = await post(service, '/token', { ...login, client_id: spa.clientId }, page)
    t.equal(kept.status, 200)
    const [cookie = ''] = (kept.headers.get('set-cookie') ?? '').split('; ')
    const turned = await post(service, '/refresh', {}, { ...page, cookie })
    t.equal(turned.status, 200)
    const [nextCookie = ''] = (turned.headers.get('set-cookie') ?? '').split('; ')
    for (const headers of [{ cookie: `${cookie}; ${cookie}` }, { cookie }]) {
      t.not((await post(service, '/logout', {}, headers)).status, 204, 'refused')
    }
    const credentials = { client_id: poster.clientId, client_secret: poster.secret ?? '' }
    const machine = { grant_type: 'client_credentials', ...credentials }
    t.equal((await post(service, '/token', machine)).status, 200)
    for (const token of [second.access_token, second.refresh_token]) {
      t.equal((await post(service, '/introspect', { token }, backend.basic)).status, 200)
    }
    for (const path of ['/me', '/sessions']) {
      const headers = { authorization: `Bearer ${second.access_token}` }
      t.equal((await fetch(`${service.url}${path}`, { headers })).status, 200)
    }

    const secrets: Record<string, string> = {
      password,
      'password, encoded': new URLSearchParams({ password }).toString().slice('password='.length),
      'client secret (basic)': backend.secret ?? '',
      'client secret (post)': poster.secret ?? '',
      'basic credentials': (backend.basic.authorization ?? '').slice('Basic '.length),
      'refresh token': first.refresh_token,
      'its successor': second.refresh_token,
      'refresh token of a session': third.refresh_token,
      cookie: cookie.split('=')[1] ?? '',
      'its successor in a cookie': nextCookie.split('=')[1] ?? '',
      'private key': await privateKeyOf(setup),
      'access token': first.access_token,
      'access token, second': second.access_token,
      'access token, third': third.access_token,
      'master key': TEST_MASTER_KEY.key.toString('base64'),
      'a wrong secret': WRONG,
    }
    const databasePassword = new URL(setup.databaseUrl).password
    if (databasePassword !== '') secrets['database password'] = databasePassword

    // One of each form, at every place of a request to every route; some even belong where they stand.
    const wrongPlaces = [password, backend.secret, first.refresh_token, first.access_token, WRONG]
      .filter((secret) => secret !== undefined)
      .flatMap((secret) => PATHS.flatMap((path) => misuse(service, path, secret)))
    for (const send of wrongPlaces) await (await send()).arrayBuffer()
    for (const secret of [WRONG, first.access_token, first.refresh_token]) {
      for (const bytes of unreadable(secret)) await sendRaw(service, bytes)
    }
    await query(
      setup.databaseUrl,
      `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
    )
    await until('a broken connection', async () => service.stdout().includes('connection broke'))
    const alter = (how: string) => query(setup.databaseUrl, `alter table ${how}`)
    await alter('sessions rename to sessions_gone')
    t.equal((await post(service, '/refresh', refresh)).status, 503, 'a database out of step')
    await alter('sessions_gone rename to sessions')
    await alter('sessions add constraint closed check (false) not valid')
    const logIn = await post(service, '/token', { ...login, client_id: web.clientId })
    t.equal(logIn.status, 500, 'an error of ours')
    await alter('sessions drop constraint closed')

    const dump = await dumpOf(setup.databaseUrl)
    t.ok(dump.length > 10_000, `the database holds something (${dump.length} characters)`)
    for (const [what, secret] of Object.entries(secrets)) t.notOk(dump.includes(secret), what)

    service.signal('SIGTERM')
    t.equal(await service.ended(), 0)
    const log = service.stdout() + service.stderr()
    const lines = log.match(/"msg":"request"/g)?.length ?? 0
    t.ok(lines > wrongPlaces.length, `every request is logged (${lines})`)
    for (const [what, secret] of Object.entries(secrets)) {
      t.notOk(log.includes(secret), `${what}: whole`)
      // An access token's header and claims are no secret, but its signature is.
      t.notOk(log.includes(secret.slice(-20)), `${what}: its end`)
    }
  },
)

/** The secret part of the key that signs, as it would stand in a JWK. */
async function privateKeyOf(service: TestService): Promise<string> {
  const { privateKey } = await readPrivateKey(service, 'ES256')
  return privateKey.export({ format: 'jwk' }).d ?? ''
}

/** Every row of every table, as text. */
async function dumpOf(url: string): Promise<string> {
  const tables = await query(url, "select tablename from pg_tables where schemaname = 'public'")
  const rows = tables.map(({ tablename }) =>
    query(url, `select row_to_json(t) as row from "${tablename}" t`),
  )
  return JSON.stringify(await Promise.all(rows))
}

/** Requests that misuse one secret at one path. */
function misuse(service: RunningService, path: string, secret: string) {
  const url = `${service.url}${path}`
  const encoded = encodeURIComponent(secret)
  const ascii = Buffer.from(secret, 'utf8')
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '')
  const all = new URLSearchParams(FIELDS.map((name): [string, string] => [name, secret]))
  const form = { method: 'POST', body: all }
  const header = (name: string, value: string) => () => fetch(url, { headers: { [name]: value } })
  return [
    () => fetch(`${url}?${all}`),
    () => fetch(`${url}/${encoded}`),
    () => fetch(`${url}/${encoded}`, { method: 'DELETE' }),
    () => fetch(`${url}?${all}`, form),
    () => fetch(url, form),
    ...FIELDS.map((name) => () => post(service, path, { grant_type: 'password', [name]: secret })),
    () => post(service, path, { grant_type: secret, scope: secret, resource: secret }),
    () => post(service, path, { [secret]: secret }),
    () => fetch(url, { method: 'POST', body: secret }),
    () =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `{"${FIELDS[0]}": ${JSON.stringify(secret)}, "refresh_token": "${ascii}`,
      }),
    header('authorization', `Bearer ${ascii}`),
    header('authorization', `Basic ${ascii}`),
    header('authorization', ascii),
    header('cookie', `token=${ascii}`),
    () => post(service, path, {}, { ...OWN_PAGE, cookie: `__Host-mintmark-refresh-spa=${ascii}` }),
    header('content-type', ascii),
    header('if-none-match', ascii),
    header('user-agent', ascii),
    header('referer', `${ISSUER}/?token=${ascii}`),
  ]
}

/** What Node's HTTP parser itself refuses. */
function unreadable(secret: string): string[] {
  return [
    `GET /me?token=${secret} HTTP/9.9\r\n\r\n`,
    `GET /me HTTP/1.1\r\nhost: localhost\r\nauthorization Bearer ${secret}\r\n\r\n`,
    `GET /me HTTP/1.1\r\nhost: localhost\r\nx: ${`${secret} `.repeat(400)}\r\n\r\n`,
    `GET /%zz${secret} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
  ]
}

async function sendRaw(service: RunningService, bytes: string): Promise<void> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  socket.on('error', () => {})
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  socket.write(bytes)
  await until('an answer', async () => answer !== '' || socket.destroyed)
  socket.destroy()
  if (!socket.closed) await once(socket, 'close')
}

attack(179, 'nothing that a caller sends can break a log line or forge one', async (t) => {
  const service = await createTestService(t)
  const { clientId } = await service.addClient()
  const nasty = 'a\r\n{"level":30,"msg":"forged"}\u2028\u001b[31m'
  service.log.length = 0
  const login = { grant_type: 'password', client_id: clientId, username: nasty, password: 'x' }
  const answers = [
    await service.post('/token', { ...login, client_id: nasty }),
    await service.post('/token', login, { 'user-agent': 'x\u001b[31m' }),
    await service.inject({ url: `/${encodeURIComponent(nasty)}` }),
    await service.inject({ url: '/me', headers: { 'x-request-id': 'a b', origin: 'x\ty' } }),
  ]
  t.equal(service.log.length, answers.length, 'one line a request')
  for (const line of service.log) {
    t.equal(line.match(/\n/g)?.length, 1, 'a line is a line')
    t.notMatch(line.trimEnd(), /[\p{Cc}\p{Zl}]/u)
    t.match(JSON.parse(line), { msg: 'request' })
  }
})

attack(182, 'nothing that is kept in the repository is a secret of ours', async (t) => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/(^|\/)(node_modules|\.git|\.venv|\.mintmark|\.tap|dist)(\/|$)/.test(name),
  )
  t.ok(files.length > 200, `${files.length} files`)
  for (const name of files) {
    const file = join(root, name)
    if (!statSync(file).isFile()) continue
    for (const [value] of readFileSync(file, 'utf8').matchAll(/mm_(rt|cs)_[A-Za-z0-9_-]{40,}/g)) {
      const isReal = value.slice(-6) === base62(crc32(value.slice(0, -6)))
      t.notOk(isReal, `${name}: ${value.slice(0, 12)}… has a valid checksum`)
    }
  }
})

attack(
  178,
  'a token in a header that is written down stays out of log, events and answer',
  async (t) => {
    const service = await createTestService(t)
    const { client, tokens } = await service.logIn()
    const secrets = [tokens.refresh_token, tokens.access_token]
    for (const secret of secrets) {
      const headers = { 'x-request-id': `trace-${secret}`, 'user-agent': `App/1 (${secret})` }
      const form = {
        grant_type: 'password',
        username: 'x',
        password: 'y',
        client_id: client.clientId,
      }
      const answer = await service.post('/token', form, headers)
      t.equal(summary(answer), '400 invalid_grant login_failed')
      t.notMatch(JSON.stringify([answer.headers, answer.body]), secret.slice(0, 60))
    }
    const rows = await query(service.databaseUrl, 'select request_id, user_agent from events')
    const written = JSON.stringify([rows, service.log])
    for (const secret of secrets) t.notOk(written.includes(secret.slice(12, 60)))
    t.match(rows.at(-1)?.user_agent, /^App\/1 \(eyJ\.\.\.\)$/)
  },
)
