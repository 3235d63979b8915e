import t, { type Test } from 'tap'
import { operator } from '../../src/cli/operator.ts'
import { claimsOf, readEvents, summary } from '../support/answer.ts'
import {
  createTestService,
  ISSUER,
  ORDERS,
  type ServiceOptions,
  type TestClient,
  type Tokens,
} from '../support/service.ts'

/** A backend that may start sessions, and a frontend that they are for. */
async function start(t: Test, options?: ServiceOptions) {
  const service = await createTestService(t, options)
  const backend = await service.addBackend()
  const frontend = await service.addClient()
  const startRaw = (payload: string | Buffer, by = backend, type = 'application/json') =>
    service.inject({
      method: 'POST',
      url: '/sessions',
      headers: { ...by.basic, 'content-type': type },
      payload,
    })
  const startSession = (body: object, by: TestClient | undefined = backend) =>
    startRaw(JSON.stringify({ client_id: frontend.clientId, ...body }), by)
  return { service, backend, frontend, startSession, startRaw }
}

t.test('a backend starts a session for a user whom it has authenticated', async (t) => {
  const { service, backend, frontend, startSession } = await start(t)
  const authTime = Math.floor(service.clock.now() / 1000) - 5
  const answer = await startSession({
    sub: 'user-42',
    scope: 'orders:read',
    audience: [ORDERS],
    roles: ['customer'],
    claims: { tier: 'gold', nested: { deep: [1, 'ä'] } },
    amr: ['mfa', 'hwk'],
    acr: 'urn:example:high',
    auth_time: authTime,
    device: { user_agent: 'Firefox', address: '2001:db8::1', label: 'Ada’s phone' },
  })
  t.equal(answer.statusCode, 201)
  t.equal(answer.headers['cache-control'], 'no-store')
  const tokens = answer.json<Tokens>()
  const claims = claimsOf(tokens.access_token)
  t.match(claims, {
    sub: 'user-42',
    client_id: frontend.clientId,
    aud: [ORDERS],
    scope: 'orders:read',
    roles: ['customer'],
    tier: 'gold',
    nested: { deep: [1, 'ä'] },
    amr: ['mfa', 'hwk'],
    acr: 'urn:example:high',
    auth_time: authTime,
  })
  const { sid } = claims
  t.equal(answer.headers.location, `/sessions/${sid}`)
  const detail = { how: 'backend', startedBy: backend.clientId }
  t.strictSame(await readEvents(service, 'session.started'), [
    { sid, sub: 'user-42', client_id: frontend.clientId, detail },
  ])
  const refreshed = await service.refresh(frontend, tokens.refresh_token)
  t.equal(summary(refreshed), '200', 'the frontend refreshes it')
  const { iat, exp, jti, ...lasting } = claims
  t.match(claimsOf(refreshed.json<Tokens>().access_token), lasting, 'with the same claims')
})

t.test('what a backend leaves out is the frontend’s own', async (t) => {
  const { service, startSession } = await start(t)
  const tokens = (await startSession({ sub: 'user-42' })).json<Tokens>()
  const claims = claimsOf(tokens.access_token)
  t.match(claims, {
    aud: [ORDERS, ISSUER],
    scope: 'orders:read orders:write',
    auth_time: Math.floor(service.clock.now() / 1000),
  })
  for (const name of ['roles', 'amr', 'acr']) t.notOk(name in claims, name)
  const named = (await startSession({ sub: 'user-42', audience: ORDERS })).json<Tokens>()
  t.strictSame(claimsOf(named.access_token).aud, [ORDERS], 'one audience needs no list')
})

t.test('a session of a user who is known here has that user’s roles and claims too', async (t) => {
  const { service, startSession } = await start(t)
  const { sub } = await service.addUser({
    username: 'ada',
    roles: ['customer'],
    claims: { tier: 'gold', seat: 1 },
  })
  const body = { sub, roles: ['reviewer'], claims: { tier: 'silver' } }
  const tokens = (await startSession(body)).json<Tokens>()
  t.match(claimsOf(tokens.access_token), {
    roles: ['customer', 'reviewer'],
    tier: 'silver',
    seat: 1,
  })
  await service.parts.endSessions.disableUser('ada', operator)
  t.equal(summary(await startSession({ sub })), '400 invalid_grant user_disabled')
})

t.test('only a backend that may, and says who it is, starts sessions', async (t) => {
  const { service, frontend, startSession } = await start(t)
  const plain = await service.addClient({ authenticationMethod: 'client_secret_basic' })
  const stranger = { ...plain, basic: { authorization: 'Basic eDp5' } }
  const nobody = { ...plain, basic: {} }
  const sub = 'user-42'
  for (const [what, by, expected] of [
    ['without the scope', plain, '403 unauthorized_client client_not_allowed'],
    ['unknown', stranger, '401 invalid_client client_authentication_failed'],
    ['a frontend by its name', frontend, '401 invalid_client client_authentication_missing'],
    ['nobody', nobody, '401 invalid_client client_authentication_missing'],
  ] as const) {
    t.equal(summary(await startSession({ sub }, by)), expected, what)
  }
  t.strictSame(await readEvents(service, 'session.started'), [])
})

t.test('a request that cannot be is refused and starts nothing', async (t) => {
  const { service, backend, startSession } = await start(t)
  const invalid = '400 invalid_request parameter_invalid'
  const now = Math.floor(service.clock.now() / 1000)
  for (const [body, expected] of [
    [{ sub: '' }, invalid],
    [{ sub: undefined }, invalid],
    [{ sub: 42 }, invalid],
    [{ sub: null }, invalid],
    [{ sub: 'x'.repeat(256) }, invalid],
    [{ sub: 'a\0b' }, invalid],
    [{ sub: 'a\nb' }, invalid],
    [{ sub: '\ud800' }, invalid],
    [{ sub: backend.clientId }, invalid],
    [{ client_id: 'nobody' }, invalid],
    [{ unknown: true }, invalid],
    [{ scope: 'admin' }, '400 invalid_scope scope_not_allowed'],
    [{ scope: 'é' }, '400 invalid_scope scope_malformed'],
    [{ audience: ['https://elsewhere.example'] }, '400 invalid_target resource_not_allowed'],
    [{ audience: [ORDERS, 1] }, invalid],
    [{ audience: { 0: ORDERS } }, invalid],
    [{ roles: ['a b'] }, invalid],
    [{ roles: ['\0'] }, invalid],
    [{ claims: { sub: 'admin' } }, invalid],
    [{ claims: { iss: 'https://evil.example' } }, invalid],
    [{ claims: { note: 'x'.repeat(2048) } }, invalid],
    [{ claims: { note: 'a\0b' } }, invalid],
    [{ claims: { note: '\udc00' } }, invalid],
    [{ claims: { 'a\0b': 1 } }, invalid],
    [{ claims: [] }, invalid],
    [{ claims: { a: { b: { c: { d: { e: { f: { g: { h: { i: 1 } } } } } } } } } }, invalid],
    [{ amr: ['ä'] }, invalid],
    [{ acr: 'a\0' }, invalid],
    [{ auth_time: now + 61 }, invalid],
    [{ auth_time: `${now}` }, invalid],
    [{ auth_time: now * 1000 }, invalid],
    [{ auth_time: 1.5 }, invalid],
    [{ device: { address: 'somewhere' } }, invalid],
    [{ device: { label: 'x'.repeat(101) } }, invalid],
    [{ device: { label: 'a\0b' } }, invalid],
    [{ device: { secret: 'x' } }, invalid],
  ] as const) {
    const answer = await startSession({ sub: 'user-42', ...body })
    const what = JSON.stringify(body).slice(0, 60)
    t.equal(summary(answer), expected, what)
    t.match(answer.json().error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, what)
  }
  t.strictSame(await readEvents(service, 'session.started'), [])
  const skewed = await startSession({ sub: 'user-42', auth_time: now + 60 })
  t.equal(skewed.statusCode, 201, 'a clock that is a minute ahead is none of the above')
})

t.test('a body that is not exactly one JSON object in UTF-8 is refused', async (t) => {
  const { service, backend, frontend, startRaw } = await start(t)
  const good = JSON.stringify({ client_id: frontend.clientId, sub: 'user-42' })
  const malformed = /^400 invalid_request (body_malformed|parameter_invalid|parameter_repeated)$/
  for (const [what, body] of Object.entries({
    'bytes that are not UTF-8': Buffer.from(good.replace('user-42', 'user-\xff'), 'latin1'),
    'two objects': good + good,
    'a list': `[${good}]`,
    'a string': '"x"',
    nothing: '',
    'a member twice': good.replace('{', '{"sub":"admin",'),
    'a prototype': good.replace('{', '{"__proto__":{"x":1},'),
    'a prototype in the claims': good.replace('{', '{"claims":{"a":{"__proto__":{"x":1}}},'),
    'an infinite number': good.replace('{', '{"claims":{"n":1e400},'),
  })) {
    t.match(summary(await startRaw(body)), malformed, what)
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
    const answer = await startRaw(good, backend, type)
    t.equal(summary(answer), '415 invalid_request content_type_unsupported', type)
  }
  const large = await startRaw(good.padEnd(16 * 1024 + 1))
  t.equal(summary(large), '413 invalid_request body_too_large')
  t.strictSame(await readEvents(service, 'session.started'), [])
  const backslash = JSON.stringify({ client_id: frontend.clientId, sub: 'DOMAIN\\ud800' })
  t.equal((await startRaw(backslash)).statusCode, 201, 'a backslash is only a backslash')
})

t.test('a text becomes a sub or a client_id, never both, however it is raced', async (t) => {
  const { service, startSession } = await start(t)
  const { registerClient } = service.parts
  for (let round = 0; round < 20; round += 1) {
    const name = `name-${round}`
    const registration = {
      clientId: name,
      name,
      authenticationMethod: 'client_secret_basic' as const,
      grantTypes: ['client_credentials' as const],
      scope: [],
      audience: [ORDERS],
      introspects: [],
      roles: [],
      claims: {},
    }
    const [started, registered] = await Promise.all([
      startSession({ sub: name }).then(({ statusCode }) => statusCode === 201),
      registerClient(registration, operator).then(
        () => true,
        () => false,
      ),
    ])
    t.not(started, registered, `round ${round}: one of the two`)
  }
})

t.test('a backend that could not name itself in the body is not registered', async (t) => {
  const { service } = await start(t)
  const wrong = { authenticationMethod: 'client_secret_post' as const, scope: ['sessions:start'] }
  await t.rejects(service.addClient(wrong), /sessions:start must use client_secret_basic/)
})
