import t from 'tap'
import { operator } from '../../src/cli/operator.ts'
import { claimsOf, comparable, countRows, readEvents, summary } from '../support/answer.ts'
import { query } from '../support/database.ts'
import {
  createTestService,
  ISSUER,
  ORDERS,
  type TestClient,
  type TestService,
  type Tokens,
} from '../support/service.ts'

const FAILED = '400 invalid_grant login_failed'

const logIn = (
  service: TestService,
  client: TestClient,
  form: { username: string; password: string } & Record<string, string>,
) => {
  const { clientId: client_id } = client
  return service.post('/token', { grant_type: 'password', client_id, ...form })
}

t.test('a login is answered with the tokens of a new session', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const { sub, username, password } = await service.addUser()
  const answer = await logIn(service, client, { username, password })
  t.equal(summary(answer), '200')
  const tokens = answer.json<Tokens>()
  const claims = claimsOf(tokens.access_token)
  t.match(claims, { sub, client_id: client.clientId, amr: ['pwd'] })
  t.equal(claims.auth_time, Math.floor(service.clock.now() / 1000))
  t.equal(tokens.scope, 'orders:read orders:write')
  const events = await readEvents(service, 'session.started')
  const { sid } = claims
  const { clientId } = client
  t.strictSame(events, [
    { sid, sub, client_id: clientId, detail: { how: 'password', startedBy: clientId } },
  ])
})

t.test('only clients that are registered for it may use the password grant', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient({ grantTypes: ['refresh_token'] })
  const { username, password } = await service.addUser()
  const answer = await logIn(service, client, { username, password })
  t.equal(summary(answer), '400 unauthorized_client grant_not_allowed')
  t.equal(await countRows(service, 'sessions'), 0)
  t.equal(await countRows(service, 'events'), 0, 'the password was not even looked at')
})

t.test('every login that fails is answered alike and written down', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const user = await service.addUser({ username: 'alice' })
  const disabled = await service.addUser({ username: 'bob' })
  await service.parts.endSessions.disableUser('bob', operator)
  const { password } = user
  const attempts = [
    { what: 'wrong password', username: 'alice', password: 'wrong', sub: user.sub },
    { what: 'unknown user', username: 'nobody', password, sub: null },
    { what: 'over-long password', username: 'alice', password: 'x'.repeat(1025), sub: user.sub },
    { what: 'unknown, over-long', username: 'nobody', password: 'x'.repeat(1025), sub: null },
    { what: 'password in upper case', username: 'alice', password: password.toUpperCase() },
    { what: 'a name with a space in it', username: 'al ice', password, sub: null },
    { what: 'a name with an invisible character', username: 'alice\u200b', password, sub: null },
    { what: 'an over-long name', username: 'a'.repeat(201), password, sub: null },
    { what: 'SQL for a name', username: "' or 1=1--", password, sub: null },
    { what: 'disabled user', username: 'bob', password: disabled.password, sub: disabled.sub },
    { what: 'disabled, wrong password', username: 'bob', password: 'wrong', sub: disabled.sub },
  ]
  const first = await logIn(service, client, { username: 'alice', password: 'first' })
  t.equal(summary(first), FAILED)
  for (const { what, username, password } of attempts) {
    service.clock.advance(1)
    const answer = await logIn(service, client, { username, password })
    t.strictSame(comparable(answer), comparable(first), what)
    t.equal(answer.body.length, first.body.length, `${what}: to the byte`)
  }
  t.equal(await countRows(service, 'sessions'), 0)
  const events = await readEvents(service, 'login.failed')
  t.strictSame(
    events.map(({ sub, client_id }) => ({ sub, client_id })),
    [{ sub: user.sub }, ...attempts].map(({ sub = user.sub }) => ({
      sub,
      client_id: client.clientId,
    })),
    'one event each, the user named where there is one',
  )
})

t.test('usernames that look alike are one user', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const { sub, password } = await service.addUser({ username: 'alice@example.com' })
  for (const username of [
    'alice@example.com',
    'Alice@Example.COM',
    'ａｌｉｃｅ@example.com',
    'alice＠example.com',
    'ALICE@example.com',
  ]) {
    const answer = await logIn(service, client, { username, password })
    t.equal(summary(answer), '200', username)
    t.equal(claimsOf(answer.json().access_token).sub, sub)
  }
})

t.test('a password is taken whole and exactly', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  for (const [what, password, twins] of [
    ['64 bytes', 'a'.repeat(64), ['a'.repeat(63), 'a'.repeat(65)]],
    ['73 bytes', `${'b'.repeat(72)}1`, ['b'.repeat(72), `${'b'.repeat(72)}2`]],
    ['1,024 bytes', 'c'.repeat(1024), ['c'.repeat(1023), 'c'.repeat(1025)]],
    ['1,024 bytes in 512 characters', 'é'.repeat(512), ['é'.repeat(511), 'é'.repeat(513)]],
    ['spaces at both ends', '  spaced out  ', ['spaced out', '  spaced out']],
    ['what a form must encode', 'a&b=c+d%25;é😀', ['a&b=c d%25;é😀', 'a&b=c+d%;é😀']],
  ] as const) {
    const { username } = await service.addUser({ password })
    t.equal(summary(await logIn(service, client, { username, password })), '200', what)
    for (const twin of twins) {
      const answer = await logIn(service, client, { username, password: twin })
      t.equal(summary(answer), FAILED, `${what}: not ${twin.length} characters that resemble it`)
    }
  }
})

t.test('an over-long password is nobody’s, not even an empty one’s', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const { username } = await service.addUser({ password: '' })
  const password = 'x'.repeat(1025)
  t.equal(summary(await logIn(service, client, { username, password })), FAILED)
})

t.test('a password is kept as argon2id and told to nobody', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const password = 'unmistakable-password-Zq81'
  const user = { username: 'carol', password, roles: [], claims: {} }
  const { username } = await service.parts.registerUser(user, operator)
  await logIn(service, client, { username, password })
  await logIn(service, client, { username, password: `${password}-wrong` })
  const [row] = await query(service.databaseUrl, 'select password_hash from users')
  t.match(row?.password_hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  const events = await query(service.databaseUrl, 'select e::text as event from events e')
  const sessions = await query(service.databaseUrl, 'select s::text as session from sessions s')
  const written = JSON.stringify([row, events, sessions, service.log])
  t.equal(written.includes('unmistakable'), false, 'in no row and no log line')
  t.ok(events.length >= 2 && service.log.length >= 2, 'there were rows and lines to look at')
})

t.test('scope and resource may be narrowed, and never widened', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const { username, password } = await service.addUser()
  const credentials = { username, password }
  const narrow = await logIn(service, client, {
    ...credentials,
    scope: 'orders:read',
    resource: ORDERS,
  })
  t.equal(narrow.json().scope, 'orders:read')
  t.match(claimsOf(narrow.json().access_token), { scope: 'orders:read', aud: [ORDERS] })
  t.equal(summary(await service.refresh(client, narrow.json().refresh_token)), '200')

  const before = await countRows(service, 'sessions')
  const wider = await logIn(service, client, { ...credentials, scope: 'orders:read admin' })
  t.equal(summary(wider), '400 invalid_scope scope_not_allowed')
  const elsewhere = await logIn(service, client, { ...credentials, resource: `${ISSUER}/else` })
  t.equal(summary(elsewhere), '400 invalid_target resource_not_allowed')
  t.equal(await countRows(service, 'sessions'), before, 'no session was left behind')
})

t.test('a client without the refresh_token grant gets no refresh token', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient({ grantTypes: ['password'] })
  const { tokens } = await service.logIn(client)
  t.notOk('refresh_token' in tokens)
  t.notOk('refresh_expires_in' in tokens)
  t.ok(tokens.access_token)
})

t.test('parallel logins of one user are sessions of their own', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const { username, password } = await service.addUser()
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => logIn(service, client, { username, password })),
  )
  t.strictSame([...new Set(answers.map(summary))], ['200'])
  const values = answers.map((answer) => answer.json<Tokens>().refresh_token)
  t.equal(new Set(values.map((value) => value.slice(0, 32))).size, 20, 'no handle twice')
  await service.post('/logout', { refresh_token: values[0] ?? '' })
  t.equal(summary(await service.refresh(client, values[1] ?? '')), '200', 'one ends, others live')
})

t.test('a flood of logins gets a quick 503, and nobody a wrong answer', async (t) => {
  const env = { PASSWORD_CONCURRENCY: '1', PASSWORD_QUEUE_LIMIT: '1' }
  const service = await createTestService(t, { env })
  const client = await service.addClient()
  const { username, password } = await service.addUser()
  const hash = await service.parts.passwords.hash('some other password')
  t.equal(await service.parts.passwords.verify(hash, password), false)
  let isFlooded = true
  // Two that come back as soon as they are served: one is at work, the other waits, at all times.
  const flood = [1, 2].map(async () => {
    while (isFlooded) await service.parts.passwords.verify(hash, password)
  })
  const refused = await logIn(service, client, { username, password })
  t.equal(summary(refused), '503 temporarily_unavailable login_queue_full')
  t.match(refused.headers['retry-after'], /^[1-9]/)
  isFlooded = false
  await Promise.all(flood)
  t.equal(summary(await logIn(service, client, { username, password })), '200')
  t.strictSame(await readEvents(service, 'login.failed'), [], 'nobody was told that it was wrong')
})
