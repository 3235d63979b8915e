import t from 'tap'
import type { Registration } from '../../src/clients/registration.ts'
import { reasons } from '../../src/oauth/reasons.ts'
import { claimsOf, comparable, postRaw, summary } from '../support/answer.ts'
import { query, withDatabase } from '../support/database.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { createTestService, ISSUER, type TestService } from '../support/service.ts'

const ALL_GRANTS: Partial<Registration> = {
  authenticationMethod: 'client_secret_basic',
  grantTypes: ['client_credentials', 'password', 'refresh_token'],
}
const UNAVAILABLE = '503 temporarily_unavailable database_unavailable'

/** One good request of every grant. */
async function requestsOfEveryGrant(service: TestService) {
  const client = await service.addClient(ALL_GRANTS)
  const { username, password } = await service.addUser()
  const { tokens } = await service.logIn(client)
  const { refresh_token } = tokens
  const forms: ({ grant_type: string } & Record<string, string>)[] = [
    { grant_type: 'client_credentials' },
    { grant_type: 'password', username, password },
    { grant_type: 'refresh_token', refresh_token },
  ]
  return { client, forms }
}

t.test('5.1: tokens are answered as JSON that nobody keeps, with lifetimes exact', async (t) => {
  const service = await createTestService(t)
  const { client, forms } = await requestsOfEveryGrant(service)
  for (const form of forms) {
    const answer = await service.post('/token', form, client.basic)
    const grant = form.grant_type
    t.equal(summary(answer), '200', grant)
    t.match(answer.headers['content-type'], /^application\/json\b/, grant)
    t.equal(answer.headers['cache-control'], 'no-store', grant)
    t.equal(answer.headers.pragma, 'no-cache', grant)
    t.notOk('set-cookie' in answer.headers, grant)
    const body = answer.json()
    t.equal(body.token_type, 'Bearer', grant)
    t.equal(body.scope, 'orders:read orders:write', grant)
    const { exp, iat } = claimsOf(body.access_token) as { exp: number; iat: number }
    t.equal(body.expires_in, exp - iat, `${grant}: expires_in is exact`)
    t.equal(iat, Math.floor((service.clock.now() - 50) / 1000), grant)
    const hasSession = grant !== 'client_credentials'
    t.strictSame(
      Object.keys(body).sort(),
      [
        'access_token',
        'expires_in',
        ...(hasSession ? ['refresh_expires_in', 'refresh_token'] : []),
        'scope',
        ...(hasSession ? ['session_expires_in'] : []),
        'token_type',
      ],
      `${grant}: and nothing else`,
    )
  }
})

t.test('5.2: every refusal has one shape, printable and kept by no cache', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient(ALL_GRANTS)
  const publicClient = await service.addClient()
  const { basic } = client
  const token = { grant_type: 'client_credentials' }
  const wrong = { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` }
  const refused = {
    parameter_missing: service.post('/token', {}, basic),
    grant_type_unsupported: service.post('/token', { grant_type: 'é"\\\u0007' }, basic),
    client_authentication_missing: service.post('/token', token),
    client_authentication_failed: service.post('/token', token, wrong),
    client_authentication_ambiguous: service.post(
      '/token',
      { ...token, client_secret: 'x' },
      basic,
    ),
    grant_not_allowed: service.post('/token', { ...token, client_id: publicClient.clientId }),
    scope_not_allowed: service.post('/token', { ...token, scope: 'a\\b'.slice(0, 1) }, basic),
    scope_malformed: service.post('/token', { ...token, scope: 'é' }, basic),
    resource_not_allowed: service.post('/token', { ...token, resource: 'é"\\\n' }, basic),
    refresh_unknown: service.refresh(client, 'é"\\\n'),
    login_failed: service.post(
      '/token',
      { grant_type: 'password', username: 'é"', password: 'é"' },
      basic,
    ),
    idempotency_key_invalid: service.post('/token', token, { ...basic, 'idempotency-key': 'a b' }),
    body_malformed: postRaw(service, '/token', 'grant_type=%zz'),
    parameter_repeated: postRaw(service, '/token', 'é"\\=1&é"\\=2'),
    parameter_invalid: postRaw(service, '/token', '{"é\\"":1}', 'application/json'),
    content_type_unsupported: postRaw(service, '/token', 'é', 'text/plain'),
    body_too_large: postRaw(service, '/token', 'x'.repeat(17 * 1024)),
    credentials_in_query: service.post('/token?password=x', token, basic),
    method_not_allowed: service.inject({ method: 'PUT', url: '/token' }),
  }
  for (const [reason, pending] of Object.entries(refused)) {
    const answer = await pending
    const [error, status] = reasons[reason as keyof typeof refused]
    t.equal(summary(answer), `${status} ${error} ${reason}`)
    t.match(answer.headers['content-type'], /^application\/json\b/, reason)
    t.equal(answer.headers['cache-control'], 'no-store', reason)
    const body = answer.json()
    t.strictSame(
      Object.keys(body).sort(),
      ['error', 'error_description', 'error_uri', 'reason', 'request_id'],
      `${reason}: these members and no other`,
    )
    t.match(body.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, `${reason}: printable`)
    t.equal(body.error_uri, `${ISSUER}/errors/${reason}`, 'the page that explains it')
    t.equal(body.request_id, answer.headers['x-request-id'], reason)
  }
})

t.test('a request is found in the log by the id that its caller gave it', async (t) => {
  const service = await createTestService(t)
  const ask = (id?: string) =>
    service.post('/token', {}, id === undefined ? {} : { 'x-request-id': id })
  const answer = await ask('web-42.7_x')
  t.equal(answer.headers['x-request-id'], 'web-42.7_x')
  t.equal(answer.json().request_id, 'web-42.7_x')
  t.ok(service.log.some((line) => JSON.parse(line).request_id === 'web-42.7_x'))
  for (const unfit of ['a b', 'a"b', '', 'é', 'x'.repeat(129), '../x', '<script>']) {
    const { request_id } = (await ask(unfit)).json()
    t.match(request_id, /^[0-9a-f-]{36}$/, `${JSON.stringify(unfit.slice(0, 9))} is replaced`)
  }
  const [one, two] = await Promise.all([ask(), ask()])
  t.not(one.json().request_id, two.json().request_id)
})

t.test('an unknown grant is told which ones there are, whoever asks', async (t) => {
  const service = await createTestService(t)
  const { basic } = await service.addClient(ALL_GRANTS)
  for (const grant_type of [
    'authorization_code',
    'implicit',
    'Password',
    'password ',
    'constructor',
    '__proto__',
    'toString',
    'urn:ietf:params:oauth:grant-type:token-exchange',
  ]) {
    const answer = await service.post('/token', { grant_type }, basic)
    t.equal(summary(answer), '400 unsupported_grant_type grant_type_unsupported', grant_type)
    t.match(answer.json().error_description, 'client_credentials, password, refresh_token')
  }
})

t.test('methods other than POST are told what to use', async (t) => {
  const service = await createTestService(t)
  for (const url of ['/token', '/refresh', '/logout', '/revoke', '/introspect']) {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
      const answer = await service.inject({ method, url })
      t.equal(summary(answer), '405 invalid_request method_not_allowed', `${method} ${url}`)
      t.equal(answer.headers.allow, 'POST', `${method} ${url}`)
    }
    const head = await service.inject({ method: 'HEAD', url })
    t.equal(head.statusCode, 405, `HEAD ${url}`)
    t.equal(head.headers.allow, 'POST', `HEAD ${url}`)
  }
})

t.test('a database that is away is 503, and nothing else, on every grant', async (t) => {
  const gate = await createGatedDatabase(t)
  const service = await createTestService(t, { databaseUrl: gate.url })
  const { client, forms } = await requestsOfEveryGrant(service)
  await gate.shut()
  const answers = []
  for (const form of forms) {
    const answer = await service.post('/token', form, client.basic)
    t.equal(summary(answer), UNAVAILABLE, form.grant_type)
    t.match(answer.headers['retry-after'], /^[1-9]/)
    answers.push(comparable(answer))
  }
  t.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1)
  t.equal(
    service.log.some((line) => line.includes('postgresql://')),
    false,
    'the log tells no password of the database',
  )
  await gate.open()
  for (const form of forms) {
    const answer = await service.post('/token', form, client.basic)
    t.equal(summary(answer), '200', `${form.grant_type}: all well once it is back`)
  }
})

t.test('a database that refuses to be connected to is as good as away', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  const server = withDatabase(service.databaseUrl, 'postgres')
  const name = new URL(service.databaseUrl).pathname.slice(1)
  await query(server, `alter database ${name} allow_connections false`)
  await query(server, 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
    name,
  ])
  const answer = await service.refresh(client, tokens.refresh_token)
  t.equal(summary(answer), UNAVAILABLE)
  t.match(answer.headers['retry-after'], /^[1-9]/)
  await query(server, `alter database ${name} allow_connections true`)
  t.equal(summary(await service.refresh(client, tokens.refresh_token)), '200')
})
