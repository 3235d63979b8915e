import { spawn } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { version } from '../../src/version.ts'
import { claimsOf } from '../support/answer.ts'
import { commandLine, commandProcess } from '../support/cli.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { postmasterOf, production, startService, stateDirectory } from '../support/process.ts'
import { createSeededRandom } from '../support/random.ts'
import {
  createTestService,
  ISSUER,
  ORDERS,
  type TestService,
  type Tokens,
} from '../support/service.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'

t.setTimeout(300_000)

/** The service in this process and the command line beside it, on one database. */
async function beside(t: Test) {
  const service = await createTestService(t)
  // The command line goes by the database's clock.
  service.clock.advance((Date.now() - service.clock.now()) / 1000)
  return { service, mintmark: commandLine(production(service.databaseUrl)) }
}

const events = async (service: TestService) =>
  (await query(service.databaseUrl, 'select type from events order by id')).map(({ type }) => type)

t.test('help, the version and the OpenAPI document ask for nothing', async (t) => {
  const [mintmark, asProcess] = [commandLine({}), commandProcess({})]
  const [help, number, document, asJson, helpAsJson, none] = await Promise.all([
    asProcess(['--help']),
    mintmark(['--version']),
    asProcess(['openapi']),
    mintmark(['--version', '--json']),
    mintmark(['clients', 'create', '--help', '--json']),
    mintmark(['clients', '--json']),
  ])
  t.strictSame(asJson.json(), { version })
  t.match(helpAsJson.json(), { help: /^Usage: mintmark clients create/ })
  t.match(JSON.parse(none.stderr), { error: { code: 'help_shown' } })
  t.equal(help.code, 0)
  for (const told of ['Exit codes', '3  the database is unavailable', 'clients', 'openapi']) {
    t.match(help.stdout, told)
  }
  t.equal(number.stdout, `${version}\n`)
  t.match(document.json(), { openapi: '3.1.0', info: { version } })
  t.equal(document.stdout, `${JSON.stringify(document.json(), null, 2)}\n`)

  const elsewhere = commandLine({ DATABASE_URL: 'none', ISSUER: 'wrong', PORT: '-1' })
  const file = join(t.testdir(), 'public.json')
  t.equal((await elsewhere(['openapi', '--write', file])).code, 0)
  t.equal(await readFile(file, 'utf8'), document.stdout, 'the same wherever it is made')
})

t.test('wrong usage exits with 2 and says what would be right', async (t) => {
  const mintmark = commandLine({})
  const [noun, verb, none, choice, json, secret] = await Promise.all([
    mintmark(['clinets', 'list']),
    mintmark(['clients', 'crate', 'web']),
    mintmark(['users']),
    mintmark(['audiences', 'set', ORDERS, '--alg', 'HS256']),
    commandProcess({})(['clients', 'create', '--json']),
    mintmark(['mm_rt_AQGFjKpRuMgQXLs4ZggvPPFT']),
  ])
  t.match(noun, { code: 2, stdout: '', stderr: /Did you mean clients\?/ })
  t.match(verb, { code: 2, stderr: /Did you mean create\?/ })
  t.match(none, { code: 2, stdout: '', stderr: /set-password/ })
  t.match(choice, { code: 2, stderr: /ES256, RS256/ })
  t.match(JSON.parse(json.stderr), { error: { code: 'usage', message: /client_id/ } })
  t.match(json, { code: 2, stdout: '' })
  t.equal(secret.code, 2)
  t.notMatch(secret.stderr, 'AQGFjKp', 'a token in a wrong place is not repeated')
})

t.test('migrations need a DATABASE_URL and nothing else', async (t) => {
  const DATABASE_URL = await createTestDatabase(t, 'empty')
  const mintmark = commandLine({ DATABASE_URL })
  const [status, early] = await Promise.all([
    commandProcess({ DATABASE_URL })(['migrate', 'status', '--json']),
    mintmark(['clients', 'list']),
  ])
  t.match(status, { code: 1 })
  t.match(status.json(), { migrations: [{ name: '0001_first', applied_at: null }] })
  t.match(early, { code: 1, stderr: /pending: run "mintmark migrate up"/ })
  t.match((await mintmark(['migrate', 'up', '--json'])).json(), {
    applied: ['0001_first', '0002_browser_clients', '0003_sessions_ended_by_sub'],
  })
  t.match((await mintmark(['migrate', 'up', '--json'])).json(), { applied: [] })
  t.equal((await mintmark(['migrate', 'status'])).code, 0)
  t.match(await mintmark(['clients', 'list']), { code: 0, stdout: /No clients/ })
})

t.test('a wrong configuration exits with 2, a database that is away with 3', async (t) => {
  const away = 'postgresql://mintmark:hunter2@127.0.0.1:1/mintmark'
  const [wrong, unavailable, json, unknown] = await Promise.all([
    commandLine({ DATABASE_URL: 'mysql://hunter2@db' })(['clients', 'list']),
    commandLine({ DATABASE_URL: away })(['clients', 'list']),
    commandProcess({ DATABASE_URL: away })(['migrate', 'up', '--json']),
    commandLine({ DATABASE_URL: away })(['clients', 'create', 'web']),
  ])
  t.match(wrong, { code: 2, stderr: /DATABASE_URL must start with/ })
  t.match(unavailable, { code: 3, stdout: '', stderr: /ECONNREFUSED/ })
  t.equal(unavailable.stderr.trim().split('\n').length, 1, 'one line and no stack')
  t.match(json, { code: 3, stdout: '' })
  t.match(JSON.parse(json.stderr), { error: { code: 'database_unavailable' } })
  t.match(unknown, { code: 2, stderr: /ISSUER is required/ }, 'the default audience is the issuer')
  for (const { stderr } of [wrong, unavailable, json]) t.notMatch(stderr, 'hunter2')
})

t.test('a client gets its secret once, and a new one with an overlap', async (t) => {
  const { service, mintmark } = await beside(t)
  const create = ['clients', 'create', 'billing', '--scope', 'b a', '--json']
  const created = await mintmark([...create, '--claims', '{"team":"x"}', '--role', 'r1', 'r2'])
  t.equal(created.code, 0, created.stderr)
  const { client_secret: secret, ...client } = created.json<{ client_secret: string }>()
  t.match(client, {
    client_id: 'billing',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['client_credentials'],
    scope: 'a b',
    audience: [ISSUER],
    roles: ['r1', 'r2'],
    claims: { team: 'x' },
  })
  const status = async (clientSecret: string) => {
    const credentials = Buffer.from(`billing:${clientSecret}`).toString('base64')
    const form = { grant_type: 'client_credentials' }
    const headers = { authorization: `Basic ${credentials}` }
    return (await service.post('/token', form, headers)).statusCode
  }
  t.equal(await status(secret), 200)
  t.match(await mintmark(create), { code: 1, stderr: /client_exists/ })

  const rotate = ['clients', 'rotate-secret', 'billing', '--json', '--overlap']
  const second = (await mintmark([...rotate, '1h'])).json<{ client_secret: string }>().client_secret
  t.strictSame([await status(secret), await status(second)], [200, 200])
  const third = (await mintmark([...rotate, '0s'])).json<{ client_secret: string }>().client_secret
  service.clock.advance(60)
  t.strictSame([await status(second), await status(third)], [401, 200])

  const [list, shown, raw, missing] = await Promise.all([
    mintmark(['clients', 'list']),
    mintmark(['clients', 'show', 'billing']),
    mintmark(['clients', 'show', 'billing', '--json']),
    mintmark(['clients', 'show', 'billnig']),
  ])
  t.match(list.stdout, /^billing +billing +client_secret_basic/m)
  for (const { stdout } of [list, shown, raw]) t.notMatch(stdout, 'mm_cs_')
  t.match(missing, { code: 1, stderr: /no client billnig: see mintmark clients list/ })
  const all = await events(service)
  t.strictSame(all, [
    'client.created',
    'client.secret_rotated',
    'client.secret_rotated',
    'client.authentication_failed',
  ])
})

t.test('a public client has no secret; deleting it ends its sessions', async (t) => {
  const { service, mintmark } = await beside(t)
  const create = ['clients', 'create', 'web', '--auth-method', 'none', '--audience', ORDERS]
  const created = await mintmark([...create, '--grant', 'password', 'refresh_token'])
  t.match(created, { code: 0, stdout: /^grants +password refresh_token$/m })
  t.match(await mintmark(['clients', 'rotate-secret', 'web']), { code: 1, stderr: /public/ })
  const web = { clientId: 'web', secret: undefined, basic: {} }
  const { tokens } = await service.logIn(web)
  const deleted = await mintmark(['clients', 'delete', 'web'])
  t.match(deleted, { code: 0, stdout: /ended 1 session\./ })
  t.not((await service.refresh(web, tokens.refresh_token)).statusCode, 200)
  t.match(await mintmark(['clients', 'delete', 'web']), { code: 1 })
})

t.test('a client cannot take the sub of a live session for its id', async (t) => {
  const { service, mintmark } = await beside(t)
  const { tokens } = await service.logIn()
  await query(service.databaseUrl, "update sessions set sub = 'carol'")
  const create = ['clients', 'create', 'carol', '--audience', ORDERS]
  t.match(await mintmark(create), { code: 1, stderr: /carol is the sub of/ })
  await service.post('/logout', { refresh_token: tokens.refresh_token })
  t.match(await mintmark(create), { code: 0 })
})

t.test('a user gets a drawn password or one of standard input', async (t) => {
  const { service, mintmark } = await beside(t)
  const client = await service.addClient()
  const login = (password: string) =>
    service.post('/token', {
      grant_type: 'password',
      client_id: client.clientId,
      username: 'alice',
      password,
    })
  const created = await mintmark(['users', 'create', 'Alice', '--role', 'admin', '--json'])
  const alice = created.json<{ password: string; sub: string }>()
  t.match(alice, { username: 'alice', roles: ['admin'], password: /^[\w-]{24}$/ })
  const session = (await login(alice.password)).json<{ refresh_token: string }>()
  t.match(await mintmark(['users', 'create', 'alice']), { code: 1, stderr: /alice exists/ })

  const change = ['users', 'set-password', 'alice', '--password-stdin']
  t.match(await mintmark(change, { stdin: 'short\n' }), { code: 2, stdout: '' })
  const asProcess = commandProcess(production(service.databaseUrl))
  const changed = await asProcess(change, { stdin: 'a better passphrase\n' })
  t.match(changed, { code: 0, stdout: /ended 1 session/ })
  t.notMatch(changed.stdout + changed.stderr, 'a better passphrase')
  t.not((await service.refresh(client, session.refresh_token)).statusCode, 200)
  t.equal((await login('a better passphrase')).statusCode, 200)

  t.match(await mintmark(['users', 'list']), { stdout: new RegExp(`^alice +${alice.sub}`, 'm') })
  t.match(await mintmark(['users', 'disable', 'alice', '--json']), { code: 0, stdout: /: 1/ })
  t.not((await login('a better passphrase')).statusCode, 200)
  t.match(await mintmark(['users', 'disable', 'bob']), { code: 1, stderr: /mintmark users list/ })
  const written = (await events(service)).filter((type) => String(type).startsWith('user.'))
  t.strictSame(written.sort(), ['user.created', 'user.disabled', 'user.password_changed'])
})

t.test('sessions are listed and ended by an operator', async (t) => {
  const { service, mintmark } = await beside(t)
  const client = await service.addClient()
  const [one, two] = [await service.logIn(client), await service.logIn(client)]
  type List = { sessions: { sid: string; sub: string; username: string }[]; more: boolean }
  const list = async (...args: string[]) =>
    (await mintmark(['sessions', 'list', '--json', ...args])).json<List>()
  t.equal((await list('--client', client.clientId)).sessions.length, 2)
  t.match(await list('--limit', '1'), { sessions: { length: 1 }, more: true })
  t.strictSame(await list('--client', 'another'), { sessions: [], more: false })
  const [session] = (await list('--user', one.sub)).sessions
  t.match(session, { sub: one.sub, username: /^user-/ })
  const { sid = '', username = '' } = session ?? {}
  t.match((await list('--user', username)).sessions, [{ sid }])

  t.match(await mintmark(['sessions', 'end', sid]), { code: 0, stdout: /Ended session/ })
  t.not((await service.refresh(client, one.tokens.refresh_token)).statusCode, 200)
  t.equal((await service.refresh(client, two.tokens.refresh_token)).statusCode, 200)
  t.match(await mintmark(['sessions', 'end', sid]), { code: 0, stdout: /ended_by_operator/ })
  const all = await mintmark(['sessions', 'end', '--user', two.sub, '--json'])
  t.match(all.json(), { sub: two.sub, ended: { length: 1 } })
  t.match(await mintmark(['sessions', 'end', 'x']), { code: 1, stderr: /mintmark sessions list/ })
  t.match(await mintmark(['sessions', 'end']), { code: 2 })
  for (const verb of ['list', 'end']) {
    const unknown = await mintmark(['sessions', verb, '--user', 'nosuch', '--json'])
    t.match(unknown, { code: 1, stdout: '', stderr: /"code":"user_not_found"/ }, verb)
  }
  const ended = "select detail from events where type = 'session.ended'"
  const detail = { by: 'operator', reason: 'ended_by_operator' }
  t.strictSame(await query(service.databaseUrl, ended), [{ detail }, { detail }])

  await t.test('and explained', async (t) => {
    const [story, user, unknown] = await Promise.all([
      mintmark(['explain', 'session', sid]),
      mintmark(['explain', 'user', username, '--last', '1h', '--json']),
      mintmark(['explain', 'session', 'no-such-request', '--json']),
    ])
    t.match(story, { code: 0, stderr: '', stdout: `Session ${sid} of ${username}` })
    t.match(story.stdout, /^It was ended on 20.*, because an operator at the command line ended/m)
    t.match(story.stdout, /^What happened\n {2}20.*Z {2}A session started at client/m)
    t.match(story.stdout, `More: ${ISSUER}/errors/session_revoked`)
    t.match(user.json(), {
      sub: one.sub,
      sessions: [{ sid, state: 'ended', end: { reason: 'ended_by_operator', by: 'operator' } }],
      events: [{ type: 'session.started' }, { type: 'refresh.refused' }, { type: 'session.ended' }],
    })
    t.match(unknown, { code: 1, stderr: '' })
    t.match(unknown.json(), { kind: 'unknown', sessions: [], sentences: [/^Nothing here/] })
  })
})

type Verdict = { good: boolean; checks: { name: string; outcome: string }[] }

t.test('all sessions of a user or a client are cut off, and nobody by mistake', async (t) => {
  const { service, mintmark } = await beside(t)
  const set = (...args: string[]) => mintmark(['cut-offs', 'set', ...args, '--json'])
  const client = await service.addClient({ refreshRetryWindowSeconds: 60 })
  const user = await service.addUser({ username: 'ada' })
  const { username, password, sub } = user
  const form = { grant_type: 'password', username, password, client_id: client.clientId }
  const logIn = async () => (await service.post('/token', form)).json<Tokens>().refresh_token
  const first = await logIn()
  t.match(await set('--sub', 'ada'), { code: 1, stderr: /--user/ })
  t.match(await set('--sub', ''), { code: 1 })
  t.match(await set('--client', 'nobody'), { code: 1, stderr: /no client nobody/ })
  t.match(await set(), { code: 2 })
  t.match(await set('--user', 'ada', '--before', '2999-01-01T00:00:00Z'), { code: 2 })
  t.equal((await service.refresh(client, first)).statusCode, 200, 'nobody was cut off')
  t.match((await set('--user', 'ada')).json(), { kind: 'user', id: sub, sessions_ended: 1 })
  t.equal((await service.refresh(client, first)).statusCode, 400)
  const second = await logIn()
  t.match((await set('--client', client.clientId)).json(), { kind: 'client', sessions_ended: 1 })
  t.equal((await service.refresh(client, second)).statusCode, 400)
  t.match((await mintmark(['cut-offs', 'list', '--json', '--limit', '1'])).json(), {
    cut_offs: [{ kind: 'client', id: client.clientId, made_by: 'operator' }],
    more: true,
  })
  const windows = ['--refresh-retry-window', 'default', '--max-sessions', '3']
  const changed = await mintmark(['clients', 'update', client.clientId, ...windows, '--json'])
  t.match(changed.json(), { refresh_retry_window_seconds: null, max_sessions: 3 })
})

t.test('a token is verified check by check, also against its session', async (t) => {
  const { service, mintmark } = await beside(t)
  const { tokens, client } = await service.logIn()
  const { access_token: access, refresh_token: refresh } = tokens
  const failures = async (token: string, ...args: string[]) => {
    const ran = await mintmark(['token', 'verify', '--json', '-', ...args], { stdin: token })
    const { good, checks } = ran.json<Verdict>()
    const failed = checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)
    t.strictSame([ran.code, good], failed.length === 0 ? [0, true] : [1, false])
    return failed
  }
  const human = await mintmark(['token', 'verify', access, '--audience', ORDERS])
  t.match(human, { code: 0, stdout: /This access token is good/ })
  const marks = [...human.stdout.matchAll(/^(\S) (\w+)$/gm)].map(([line]) => line)
  const names = ['form', 'key', 'signature', 'issuer', 'claims', 'lifetime', 'audience', 'session']
  t.strictSame(
    marks,
    names.map((name) => `✓ ${name}`),
  )
  t.notMatch(human.stdout + human.stderr, access)

  const [header, payload, signature] = access.split('.') as [string, string, string]
  const forged = [
    header,
    payload,
    `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
  ].join('.')
  const plain = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${payload}.`
  t.strictSame(
    await Promise.all([
      failures(access, '--audience', 'https://other.example'),
      failures(plain),
      failures('no token'),
      failures(refresh),
    ]),
    [['audience'], ['form', 'key'], ['form'], []],
  )
  t.strictSame(await failures(forged), ['signature'])

  await service.refresh(client, refresh)
  t.strictSame(await failures(refresh), ['generation'])
  await service.post('/logout', { refresh_token: refresh })
  t.strictSame(await failures(access), ['session'])
  t.strictSame(await failures(refresh), ['generation', 'session'])
})

t.test('an expired token, and one of another issuer, are told apart', async (t) => {
  const { service, mintmark } = await beside(t)
  const { tokens } = await service.logIn()
  await t.test('another issuer', async (t) => {
    const elsewhere = commandLine({
      ...production(service.databaseUrl),
      ISSUER: 'https://elsewhere.example',
    })
    const ran = await elsewhere(['token', 'verify', tokens.access_token])
    t.match(ran, { code: 1, stdout: /✗ issuer\n +actual +https:\/\/auth\.example\n +expected/ })
  })
  await t.test('expired', async (t) => {
    service.clock.advance(-3600)
    const { tokens: old } = await service.logIn()
    t.match(await mintmark(['token', 'verify', old.access_token]), {
      code: 1,
      stdout: /✗ lifetime/,
    })
  })
})

t.test('a token is taken apart without a database, and told to be unverified', async (t) => {
  const service = await createTestService(t)
  const { tokens } = await service.logIn()
  const mintmark = commandLine({})
  const { access_token: access, refresh_token: refresh } = tokens
  const [human, json, refreshed, cut, noise] = await Promise.all([
    mintmark(['token', 'inspect', access]),
    mintmark(['token', 'inspect', access, '--json']),
    mintmark(['token', 'inspect', '-'], { stdin: `${refresh}\n` }),
    mintmark(['token', 'inspect', refresh.slice(0, -1)]),
    mintmark(['token', 'inspect', 'a.b.c']),
  ])
  t.match(human, { code: 0, stdout: /NOT verified/ })
  t.match(human.stdout, /^ {2}exp +\d+ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ \((in .+|.+ ago)\)$/m)
  t.match(json.json(), { verified: false, header: { typ: 'at+jwt' }, claims: { iss: ISSUER } })
  t.match(refreshed, { code: 0, stdout: /refresh token[\s\S]*rotated 0 times/ })
  t.notMatch(refreshed.stdout + refreshed.stderr, refresh.slice(10, 30), 'without its handle')
  t.match(cut, { code: 1, stderr: /cut off or mistyped/ })
  t.notMatch(cut.stderr, refresh.slice(10, 30))
  t.match(noise, { code: 1, stderr: /no JWT/ })
})

t.test('an audience can name the algorithm and the typ of its tokens', async (t) => {
  const { service, mintmark } = await beside(t)
  const client = await service.addClient()
  const made = async () => {
    const token = (await service.logIn(client)).tokens.access_token
    const { alg, typ } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
    return { token, header: `${alg} ${typ}` }
  }
  t.equal((await made()).header, 'ES256 at+jwt')
  const byRsa = await mintmark(['audiences', 'set', ORDERS, '--alg', 'RS256'])
  t.match(byRsa, { code: 0, stdout: 'are signed by RS256 from now on' })
  t.notMatch(byRsa.stderr, /No key signs/)
  const asJwt = await mintmark(['audiences', 'set', ORDERS, '--typ', 'JWT'])
  t.match(asJwt, { code: 0, stdout: 'are signed by RS256 and of typ JWT from now on' })
  const { token, header } = await made()
  t.equal(header, 'RS256 JWT')
  t.equal((await mintmark(['token', 'verify', token])).code, 0, 'and it is good here')
  t.match((await mintmark(['audiences', 'list', '--json'])).json(), {
    audiences: [{ audience: ORDERS, signing_alg: 'RS256', typ: 'JWT' }],
  })
  t.equal((await mintmark(['audiences', 'delete', ORDERS])).code, 0)
  t.equal((await made()).header, 'ES256 at+jwt')
  t.equal((await mintmark(['audiences', 'delete', ORDERS])).code, 1)
  t.match(await mintmark(['audiences', 'set', 'x', '--alg', 'RS256']), { code: 2, stdout: '' })
  t.match(await mintmark(['audiences', 'set', ORDERS]), { code: 2, stderr: /give --alg, --typ/ })
  const update = (alg: string) =>
    mintmark(['clients', 'update', client.clientId, '--signing-alg', alg])
  const early = await update('PS256')
  t.match(early, { code: 0, stdout: /signing alg +PS256/, stderr: /No key signs by PS256 yet/ })
  t.notMatch(await update('RS256'), { stderr: /No key/ })
  t.equal((await made()).header, 'RS256 at+jwt')
  t.notMatch(await update('default'), { stdout: /signing alg/ })
  t.equal((await made()).header, 'ES256 at+jwt')
  const keys = (await mintmark(['keys', 'status', '--json'])).json<{ keys: { state: string }[] }>()
  // They were made at once, and so are told in the order of their kids.
  const states = keys.keys.map(({ state }) => state).toSorted()
  t.strictSame(states, ['active', 'active', 'next', 'next'])
  t.notMatch(JSON.stringify(keys), /"d"|sealed/)
  const line = (await mintmark(['keys', 'timeline'])).stdout
  t.match(line, /^ES256\n {2}\S{8} {4}active .*\n( .*\n)+RS256\n/m)
  t.match((await mintmark(['keys', 'timeline', '--svg'])).stdout, /^<svg (.*\n)+<\/svg>\n$/)
  const told = (await mintmark(['keys', 'timeline', '--json'])).json<{ keys: object[] }>()
  t.match(told.keys[0], { alg: 'ES256', state: 'active', segments: [{ phase: 'active' }] })
})

t.test(
  'keys are encrypted anew beside a service, and it is told when a master key can go',
  async (t) => {
    const { service } = await beside(t)
    const second = `2:${createSeededRandom('second').bytes(32).toString('base64')}`
    const first = `1:${TEST_MASTER_KEY.key.toString('base64')}`
    const commands = (list: string) =>
      commandLine({ ...production(service.databaseUrl), MASTER_KEYS: list })
    const mintmark = commands(`${second},${first}`)
    const { client, tokens } = await service.logIn()
    const done = await mintmark(['keys', 'reencrypt'])
    t.equal(done.code, 0, done.stderr)
    t.match(done.stdout, /ES256 +1 → 2 +encrypted anew\n/)
    t.match(done.stdout, /RS256 +1 → 2 +encrypted anew\n/)
    const rows = await query(service.databaseUrl, 'select expires_at from sessions')
    const until = rows.map((row) => (row.expires_at as Date).toISOString()).join()
    t.match(done.stdout, `Master key 1 has to stay until ${until.slice(0, 19).replace('T', ' ')}Z`)
    t.match(done.stdout, ': 1 session that started before')
    t.equal((await service.refresh(client, tokens.refresh_token)).statusCode, 200, 'it runs on')

    t.match((await mintmark(['keys', 'reencrypt', '--json'])).json(), {
      master_key_id: 2,
      keys: [],
      others: [{ id: 1, signing_keys: [], sessions: 1, needed_until: until, removable: false }],
    })
    const replica = (list: string) =>
      createTestService(t, { beside: service, env: { MASTER_KEYS: list } })
    t.ok(await replica(second), 'the new one alone will do')
    await t.rejects(replica(first), {
      message: /no key with id 2, which sealed signing key \S+ [ER]S256: add/,
    })
    const retired = await commands(`${first},2:retired`)(['keys', 'reencrypt'])
    t.match(retired, { code: 1, stdout: /left alone: MASTER_KEYS says .* id 2 is retired/ })

    service.clock.advance(3600)
    await service.logIn(client)
    await query(service.databaseUrl, 'update sessions set expires_at = created_at where sub = $1', [
      claimsOf(tokens.access_token).sub,
    ])
    const free = await mintmark(['keys', 'reencrypt'])
    t.match(
      free.stdout,
      /^Every signing key is encrypted under master key 2\.\n\nNothing depends on/,
    )
    t.match(free.stdout, /: put 1:retired in its place\.\n$/)
  },
)

t.test('signing keys are looked at, turned, exported, imported and revoked', async (t) => {
  const { service, mintmark } = await beside(t)
  const { keyRing, advanceKeys } = service.parts
  await query(service.databaseUrl, 'delete from signing_keys')
  await advanceKeys()
  await keyRing.load()
  const { client, tokens } = await service.logIn()
  const headers = { 'user-agent': 'jose/6' }
  const jwks = () => service.inject({ url: '/.well-known/jwks.json', headers })
  const kidOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
  interface Told {
    keys: { kid: string; alg: string; state: string }[]
  }
  const status = async () => (await mintmark(['keys', 'status', '--json'])).json<Told>().keys
  const ofState = async (state: string, alg = 'ES256') =>
    (await status()).find((key) => key.alg === alg && key.state === state)?.kid as string
  const [active, next] = [await ofState('active'), await ofState('next')]
  t.equal(active, kidOf(tokens.access_token))

  await t.test('status and list are one', async (t) => {
    const [told, list] = [await mintmark(['keys', 'status']), await mintmark(['keys', 'list'])]
    t.match(told, { code: 0, stdout: `ES256  active  ${active}` })
    t.match(told.stdout, /its tokens live until +20\S+ \S+Z \(in 10m\)/)
    t.match(told.stdout, /opens under master key 1/)
    t.match(told.stdout, /published by all +not yet/)
    t.match(list.stdout, `ES256  active  ${active}`)
    const { MASTER_KEYS, ...others } = production(service.databaseUrl)
    t.ok(MASTER_KEYS)
    const without = await commandLine(others)(['keys', 'status'])
    t.match(without, { code: 0, stdout: /not tried/, stderr: /MASTER_KEYS is not set/ })
    const wrong = {
      ...others,
      MASTER_KEYS: `1:${createHash('sha256').update('').digest('base64')}`,
    }
    const closed = await commandLine(wrong)(['keys', 'status', '--json'])
    t.match(closed, { code: 1 })
    t.match(closed.json<Told>().keys[0], { private_half: 'closed', problem: /master key 1/ })
  })

  await t.test('a plan shows its arithmetic, and now is as soon as it is safe', async (t) => {
    const plan = await mintmark(['keys', 'rotate', '--plan', '--alg', 'ES256'])
    t.match(plan.stdout, `${next} signs\n`)
    t.match(plan.stdout, /begins to sign 20\S+ \S+Z \+ KEY_ROTATE_EVERY 30d/)
    t.notMatch(plan.stdout, 'RS256')
    const now = await mintmark(['keys', 'rotate', '--now', '--alg', 'ES256'])
    t.match(now, { code: 0, stdout: /Not earlier: it is made .* \+ VERIFIER_CACHE_TTL 1h/ })
    t.match(now.stdout, `ES256: ${next} signs from 20`)
    const again = await mintmark(['keys', 'rotate', '--now', '--json'])
    t.match(again.json(), { rotations: [{ outcome: 'unchanged' }, { outcome: 'hastened' }] })
    for (const options of [[], ['--plan', '--now']]) {
      t.match(await mintmark(['keys', 'rotate', ...options]), { code: 2, stderr: /give one of/ })
    }
    const none = await mintmark(['keys', 'rotate', '--now', '--alg', 'ES384'])
    t.match(none, { code: 1, stdout: /^ES384 has no next key/ })
  })

  await t.test('public halves are exported as they are published', async (t) => {
    await keyRing.load()
    const exported = await mintmark(['keys', 'export-public'])
    t.equal(exported.stdout, `${(await jwks()).body}\n`)
    const pem = await mintmark(['keys', 'export-public', '--format', 'pem', '--', active])
    t.equal(pem.stdout, keyRing.find(active)?.pem)
    const jwk = await mintmark(['keys', 'export-public', '--format', 'jwk', '--', active])
    t.match(jwk.json(), { kid: active, alg: 'ES256', use: 'sig' })
    t.match(await mintmark(['keys', 'export-public', '--format', 'pem']), { code: 2 })
    t.match(await mintmark(['keys', 'export-public', 'nobody']), { code: 1, stdout: '' })
  })

  await t.test('a key is imported, and a wrong one refused without being told', async (t) => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'mine' }
    const imported = await mintmark(['keys', 'import', '-'], { stdin: JSON.stringify(jwk) })
    t.match(imported, { code: 0, stdout: /^Imported EdDSA key .* signs from 20/ })
    for (const told of ['"mine" is not kept', 'nobody gets its tokens', 'Delete the file']) {
      t.match(imported.stderr, told)
    }
    const file = join(t.testdir({ 'key.json': JSON.stringify(jwk) }), 'key.json')
    t.match(await mintmark(['keys', 'import', file]), { code: 1, stderr: /is here already, as/ })
    t.match(await mintmark(['keys', 'import', `${file}.txt`]), { code: 1, stderr: /ENOENT/ })
    const wrong = { ...jwk, x: 'A'.repeat(43) }
    const refused = await mintmark(['keys', 'import', '-', '--json'], {
      stdin: JSON.stringify(wrong),
    })
    t.match(refused, { code: 2, stdout: '' })
    t.match(JSON.parse(refused.stderr), { error: { code: 'key_invalid' } })
    t.notMatch(refused.stderr, jwk.d)
  })

  await t.test('a leaked key is revoked, and not by mistake', async (t) => {
    const would = await mintmark(['keys', 'revoke', '--', active])
    t.match(would, { code: 2, stdout: `This would revoke ES256 key ${active}` })
    t.match(would.stderr, /Nothing was done.*--emergency/)
    t.equal(await ofState('active'), active)
    const rename = (from: string, to: string) =>
      query(service.databaseUrl, `alter table ${from} rename to ${to}`)
    await rename('jwks_fetches', 'elsewhere')
    const failed = await mintmark(['keys', 'revoke', '--emergency', '--', active])
    await rename('elsewhere', 'jwks_fetches')
    t.match(failed, { code: 1, stdout: '' })
    t.equal(await ofState('active'), active, 'what failed was not done')
    const foreseen = await mintmark(['keys', 'revoke', '--json', '--', active])
    t.match(foreseen.json(), { signer: { kid: next, signs_from: /Z$/ } })
    const done = await mintmark(['keys', 'revoke', '--emergency', '--', active])
    t.match(done, { code: 0, stdout: 'is revoked and its private half is erased' })
    for (const told of [
      'ES256 is the default: they are those of every client and audience',
      'No session ends and no refresh token',
      'Here every replica refuses them from 20',
      `${next}. A verifier may not know it before 20`,
    ]) {
      t.match(done.stdout, told)
    }
    await keyRing.load()
    t.notMatch((await jwks()).body, active)
    const token = { token: tokens.access_token }
    const orders = await service.addClient({
      authenticationMethod: 'client_secret_basic',
      grantTypes: ['client_credentials'],
      introspects: [ORDERS],
    })
    const introspected = await service.post('/introspect', token, orders.basic)
    t.match(introspected.json(), { active: false })
    const refreshed = await service.refresh(client, tokens.refresh_token)
    t.equal(kidOf(refreshed.json<Tokens>().access_token), next, 'no session has ended')
    const again = await mintmark(['keys', 'revoke', '--emergency', '--', active])
    t.match(again, { code: 0, stdout: /was revoked before/ })
    const unknown = await mintmark(['keys', 'revoke', '--emergency', '--json', 'nobody'])
    t.match(unknown, { code: 1, stdout: '' })
    t.match(JSON.parse(unknown.stderr), { error: { code: 'key_not_found' } })
    const dashed = await mintmark(['keys', 'revoke', `-${'A'.repeat(42)}`])
    t.match(dashed, { code: 2, stderr: /begins with - .* after --/ })
    t.strictSame(
      (await events(service))
        .map(String)
        .filter((type) => type.startsWith('key.') && type !== 'key.created'),
      [
        'key.rotation_planned',
        'key.rotation_planned',
        'key.imported',
        'key.revoked',
        'key.activated',
      ],
    )
    const told = await mintmark(['keys', 'revoke', '--json', '--', next])
    t.match(told.json(), { was: 'active', is_default: true, signer: null, done: false })
  })

  await t.test('a kid that somebody wrote into its row steers no terminal', async (t) => {
    const title = '\u001b]0;title\u0007\u009b2J\u202e\u{e0041}\r'
    const doctored = "update signing_keys set kid = $1 || state || created_at where alg = 'RS256'"
    await query(service.databaseUrl, doctored, [title])
    const [row] = await query(
      service.databaseUrl,
      "select kid from signing_keys where alg = 'RS256'",
    )
    const kid = String(row?.kid)
    for (const args of [
      ['keys', 'status'],
      ['keys', 'timeline'],
      ['keys', 'timeline', '--svg'],
      ['keys', 'rotate', '--plan'],
      ['keys', 'rotate', '--now', '--alg', 'RS256'],
      ['keys', 'export-public'],
      ['keys', 'reencrypt'],
      ['doctor'],
      ['keys', 'revoke', '--', kid],
      ['keys', 'revoke', '--emergency', '--', kid],
      ['token', 'verify', `x${title}`],
    ]) {
      for (const options of [[], ['--json']]) {
        const { stdout, stderr } = await mintmark([...options, ...args])
        t.notMatch(`${stdout}${stderr}`, /[^\P{C}\n]/u, [...options, ...args.slice(0, 2)].join(' '))
      }
    }
    const told = (await status()).map((key) => key.kid)
    t.ok(told.includes(kid), 'a program is told it as it is')
  })
})

t.test('a database that was set back is told, and its log says what ends it lost', async (t) => {
  const { service, mintmark } = await beside(t)
  const client = await service.addClient()
  const [kept, also, left] = [
    await service.logIn(client),
    await service.logIn(client),
    await service.logIn(client),
  ]
  const refresh = async ({ tokens }: typeof kept) => {
    const answer = await service.refresh(client, tokens.refresh_token)
    tokens.refresh_token = answer.json<{ refresh_token: string }>().refresh_token
    return answer.statusCode
  }
  const told = (what: string) => service.log.filter((line) => line.includes(what))
  const from = new Date(service.clock.now()).toISOString()
  await Promise.all([refresh(kept), refresh(also)])
  service.clock.advance(60)
  await service.post('/logout', { refresh_token: left.tokens.refresh_token })
  await service.post('/logout', { refresh_token: left.tokens.refresh_token })
  t.equal(told('session ended').length, 1, 'an end is logged once')
  t.match(JSON.parse(told('session ended')[0] as string), { reason: 'logged_out', by: left.sub })

  // As the database was before all that.
  await query(
    service.databaseUrl,
    'update sessions set generation = 0, ended_at = null, end_reason = null',
  )
  service.clock.advance(60)
  const to = new Date(service.clock.now()).toISOString()
  t.strictSame([await refresh(kept), await refresh(also)], [200, 200], 'nobody is logged out')
  t.equal(told('mintmark restored status').length, 1, 'it is warned of once, not at each refresh')

  const close = ['restored', 'close']
  const [status, doctor, unsure, twoWays] = await Promise.all([
    mintmark(['restored', 'status', '--json']),
    mintmark(['doctor']),
    mintmark([...close, '--end-all']),
    mintmark([...close, '--end-all', '--nothing-lost']),
  ])
  t.equal(status.code, 1)
  const lost = { since: to, sessions_ahead: 2, may_be_lost: { from, to }, last_closed: null }
  t.match(status.json(), { open: true, ...lost })
  t.match(doctor, { code: 1, stdout: /✗ restore: .* 2 sessions .*\n.*mintmark restored close/ })
  t.match(unsure, {
    code: 2,
    stderr: /3 sessions .*; 3 users will have to log in again: add --yes/,
  })
  t.match(twoWays, { code: 2, stderr: /cannot be used with/ })

  const stdin = service.log.join('')
  const fromLog = [...close, '--from-log', '-', '--json']
  t.match((await mintmark(fromLog, { stdin })).json(), { ends_logged: 1, ended: 1 })
  const lines: string[] = []
  for (const reason of ['client_disabled', 'cut_off']) {
    const [, payload = ''] = (await service.logIn(client)).tokens.access_token.split('.')
    const { sid } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    lines.push(JSON.stringify({ msg: 'session ended', sid, reason, by: 'operator' }))
  }
  const more = (await mintmark(fromLog, { stdin: `${stdin}\n${lines.join('\n')}` })).json()
  t.match(more, { ends_logged: 3, ended: 2 }, 'each once')
  const { clientId } = client
  t.match(more, {
    repeat: [
      new RegExp(`these clients were disabled. Do that again: ${clientId}$`),
      new RegExp(`it ended sessions at ${clientId}, of `),
    ],
  })
  t.strictSame(
    await query(
      service.databaseUrl,
      `select sub, end_reason from sessions where end_reason = 'logged_out'`,
    ),
    [{ sub: left.sub, end_reason: 'logged_out' }],
  )
  t.strictSame([await refresh(kept), await refresh(also)], [200, 200])
  const closed = await mintmark(['restored', 'status'])
  const all = await mintmark([...close, '--end-all', '--yes', '--json'])
  t.match(closed, { code: 0, stdout: /No set-back .* is open\. .* \(from_log\)/ })
  t.match(all.json(), { how: 'end_all', ended: 2, users: 2 })
  t.equal(await refresh(kept), 400)
})

t.test('a reader that leaves early does no harm', async (t) => {
  const DATABASE_URL = await createTestDatabase(t)
  const bin = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [bin, 'migrate', 'status'], { env: { PATH, DATABASE_URL } })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  t.strictSame([code, stderr], [0, ''])
})

t.test('in development it works alone, and beside the service', async (t) => {
  const STATE_DIR = await stateDirectory(t)
  const mintmark = commandProcess({ STATE_DIR })
  const created = (await mintmark(['users', 'create', 'bob', '--json'])).json()
  t.equal(await postmasterOf(STATE_DIR), undefined, 'the database it started is stopped')

  const service = await startService(t, { STATE_DIR, LOG_LEVEL: 'silent' })
  const database = await postmasterOf(STATE_DIR)
  const { username, password } = created as { username: string; password: string }
  const form = { grant_type: 'password', client_id: 'web', username, password }
  const body = new URLSearchParams(form)
  const answer = await fetch(`${service.url}/token`, { method: 'POST', body })
  const { access_token: access } = (await answer.json()) as { access_token: string }
  const verified = await mintmark(['token', 'verify', access])
  t.match(verified, { code: 0 }, 'the issuer is that of the running service')
  const sessions = (await mintmark(['sessions', 'list', '--json'])).json()
  t.match(sessions, {
    sessions: [{ username: 'bob', client_id: 'web', device: { label: 'Node.js' } }],
  })
  t.equal(await postmasterOf(STATE_DIR), database, 'and goes on running')
})
