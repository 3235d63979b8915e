import type { LightMyRequestResponse } from 'fastify'
import t from 'tap'
import { operator } from '../../src/cli/operator.ts'
import { query } from '../support/database.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { listen, readAnswer } from '../support/raw.ts'
import { createTestService, ISSUER, type TestService } from '../support/service.ts'

const APP = 'https://app.auth.example'
const EVIL = 'https://evil.example'
const OPEN = [
  '/.well-known/jwks.json',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
]

async function startWithApp(t: Parameters<typeof createTestService>[0], options = {}) {
  const service = await createTestService(t, options)
  const client = await service.addClient({ allowedOrigins: [APP] })
  return { service, client }
}

function preflight(service: TestService, url: string, method: string, origin: string, more = {}) {
  const headers = { origin, 'access-control-request-method': method, ...more }
  return service.inject({ method: 'OPTIONS', url, headers })
}

const list = (answer: LightMyRequestResponse, header: string) =>
  String(answer.headers[header] ?? '')
    .split(', ')
    .sort()

const shared = ({ headers }: LightMyRequestResponse) => ({
  origin: headers['access-control-allow-origin'],
  credentials: headers['access-control-allow-credentials'],
})

t.test('a page of a registered client can read every answer, refusals as well', async (t) => {
  const { service, client } = await startWithApp(t)
  const json = 'application/json'
  const asked: [status: number, request: Parameters<TestService['inject']>[0]][] = [
    [400, { method: 'POST', url: '/token' }],
    [400, { method: 'POST', url: '/refresh', payload: { client_id: client.clientId } }],
    [401, { url: '/me' }],
    [404, { url: '/nothing' }],
    [405, { method: 'PUT', url: '/token', payload: '{}' }],
    [413, { method: 'POST', url: '/token', payload: { x: 'x'.repeat(20_000) } }],
    [415, { method: 'POST', url: '/token', payload: 'x', headers: { 'content-type': 'text/x' } }],
    [200, { url: '/livez' }],
  ]
  for (const [status, request] of asked) {
    const headers = { 'content-type': json, ...request.headers, origin: APP }
    const answer = await service.inject({ ...request, headers })
    const what = `${status} of ${request.url}`
    t.equal(answer.statusCode, status, what)
    t.strictSame(shared(answer), { origin: APP, credentials: 'true' }, what)
    t.match(answer.headers.vary, /\bOrigin\b/, what)
    t.ok(list(answer, 'access-control-expose-headers').includes('X-Request-Id'), what)
  }
})

t.test('it can read that the database is away', async (t) => {
  const database = await createGatedDatabase(t)
  const { service, client } = await startWithApp(t, { databaseUrl: database.url })
  await service.parts.allowedOrigins.load()
  await database.shut()
  const form = { grant_type: 'password', client_id: client.clientId, username: 'x', password: 'y' }
  service.clock.advance(3600)
  const answer = await service.post('/token', form, { origin: APP })
  t.equal(answer.statusCode, 503)
  t.strictSame(shared(answer), { origin: APP, credentials: 'true' })
  const stranger = await service.post('/token', form, { origin: EVIL })
  t.equal(stranger.statusCode, 503, 'an unknown origin fails nothing')
  t.strictSame(shared(stranger), { origin: undefined, credentials: undefined })
})

t.test(
  'no other page can: neither its requests nor its preflights are told anything',
  async (t) => {
    const { service } = await startWithApp(t)
    for (const origin of [
      EVIL,
      'null',
      'http://app.auth.example',
      `${APP}:8443`,
      `${APP}.evil.example`,
    ]) {
      const answer = await service.post('/token', {}, { origin })
      t.strictSame(shared(answer), { origin: undefined, credentials: undefined }, origin)
      t.match(answer.headers.vary, /\bOrigin\b/, origin)
      const before = await preflight(service, '/token', 'POST', origin)
      t.equal(before.statusCode, 403, origin)
      const elsewhere = await preflight(service, '/me', 'GET', origin)
      t.match(elsewhere.json(), { status: 403, code: 'origin_not_allowed' }, origin)
      t.match(before.json(), { reason: 'origin_not_allowed', request_id: /./ }, origin)
      t.strictSame(shared(before), { origin: undefined, credentials: undefined }, origin)
      t.match(before.headers.vary, /\bOrigin\b/, origin)
      t.notOk(before.headers['access-control-allow-methods'], origin)
    }
    t.ok(
      service.log.some((line) => JSON.parse(line).refused_origin === EVIL),
      'the log names it',
    )
  },
)

t.test('what is answered past all hooks can be read as well', async (t) => {
  const { service, send } = await listen(t)
  await service.addClient({ allowedOrigins: [APP] })
  const large = 'x'.repeat(20_000)
  const page = (origin: string) => `Host: x\r\nOrigin: ${origin}\r\n`
  const chunked = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'
  for (const bytes of [
    `POST /refresh HTTP/1.1\r\n${page(APP)}Cookie: ${large}\r\n\r\n`,
    `POST /token HTTP/1.1\r\n${page(APP)}${chunked}`,
  ]) {
    const { status, headers } = readAnswer(await send(bytes))
    t.ok(status >= 400, `${status}`)
    t.match(
      headers,
      { 'access-control-allow-origin': APP, vary: /Origin/, date: /GMT$/ },
      `${status}`,
    )
  }
  const evil = `POST /refresh HTTP/1.1\r\n${page(EVIL)}Cookie: ${large}\r\n\r\n`
  t.notOk('access-control-allow-origin' in readAnswer(await send(evil)).headers)
})

t.test('while nobody can say who is registered, no page is told that it is not', async (t) => {
  const database = await createGatedDatabase(t)
  const service = await createTestService(t, { databaseUrl: database.url })
  await database.shut()
  const before = await preflight(service, '/token', 'POST', APP)
  t.equal(before.statusCode, 503)
  t.match(before.json(), { reason: 'database_unavailable' })
})

t.test('a preflight tells the methods and headers of the very path', async (t) => {
  const { service } = await startWithApp(t)
  for (const [url, method, methods] of [
    ['/token', 'POST', 'POST'],
    ['/refresh', 'POST', 'POST'],
    ['/me', 'GET', 'GET, HEAD'],
    ['/sessions', 'GET', 'GET, HEAD'],
    ['/sessions/some-id', 'DELETE', 'DELETE'],
  ] as const) {
    const answer = await preflight(service, url, method, APP)
    t.equal(answer.statusCode, 204, url)
    t.strictSame(shared(answer), { origin: APP, credentials: 'true' }, url)
    t.strictSame(list(answer, 'access-control-allow-methods').join(', '), methods, url)
    t.strictSame(list(answer, 'access-control-allow-headers'), [
      ...['Authorization', 'Content-Type', 'Idempotency-Key', 'X-CSRF', 'X-Request-Id'],
    ])
    t.equal(answer.headers['access-control-max-age'], '600')
    t.equal(answer.body, '')
  }
  t.equal((await preflight(service, '/nothing', 'POST', APP)).statusCode, 404)
  t.equal((await preflight(service, '/token', '', APP)).statusCode, 405, 'for no method')
  const plain = await service.inject({ method: 'OPTIONS', url: '/token', headers: { origin: APP } })
  t.equal(plain.statusCode, 405, 'OPTIONS by itself is no preflight')
  t.match(plain.json(), { error: 'invalid_request', reason: 'method_not_allowed' })
})

t.test('keys and metadata are for all pages, and know no credentials', async (t) => {
  const { service } = await startWithApp(t)
  for (const url of OPEN) {
    for (const origin of [EVIL, 'null', APP]) {
      const answer = await service.inject({ url, headers: { origin } })
      t.equal(answer.statusCode, 200)
      t.strictSame(shared(answer), { origin: '*', credentials: undefined }, url)
    }
    const put = await service.inject({ method: 'PUT', url, headers: { origin: EVIL } })
    t.equal(put.statusCode, 405)
    t.strictSame(shared(put), { origin: '*', credentials: undefined }, `PUT ${url}`)
    const bare = { 'access-control-request-method': 'GET' }
    const alone = await service.inject({ method: 'OPTIONS', url, headers: bare })
    t.equal(alone.statusCode, 405, 'a preflight without Origin is none')
    const before = await preflight(service, url, 'GET', EVIL)
    t.equal(before.statusCode, 204, url)
    t.strictSame(shared(before), { origin: '*', credentials: undefined }, url)
    t.strictSame(list(before, 'access-control-allow-methods'), ['GET', 'HEAD'], url)
  }
})

t.test('what is for backends alone is for no page', async (t) => {
  const { service } = await startWithApp(t)
  for (const url of ['/introspect', '/sessions']) {
    const answer = await service.post(url, {}, { origin: APP })
    t.strictSame(shared(answer), { origin: undefined, credentials: undefined }, url)
  }
  t.equal((await preflight(service, '/introspect', 'POST', APP)).statusCode, 405)
})

t.test('the service’s own pages need no permission', async (t) => {
  const { service } = await startWithApp(t)
  const answer = await service.post('/token', {}, { origin: ISSUER })
  t.equal(answer.statusCode, 400)
  t.notOk(service.log.join().includes('refused_origin'))
})

t.test(
  'a client registered a moment ago can be called for, one that changed no more',
  async (t) => {
    const { service, client } = await startWithApp(t)
    t.equal((await preflight(service, '/token', 'POST', 'https://new.example')).statusCode, 403)
    await service.addClient({ allowedOrigins: ['https://new.example'] })
    service.clock.advance(1)
    t.equal((await preflight(service, '/token', 'POST', 'https://new.example')).statusCode, 204)
    await service.parts.changeClient(client.clientId, { allowedOrigins: [] }, operator)
    service.clock.advance(10)
    // The one who asks first is still answered from memory; it is read anew beside.
    await preflight(service, '/token', 'POST', APP)
    await service.parts.allowedOrigins.load()
    t.equal((await preflight(service, '/token', 'POST', APP)).statusCode, 403)
  },
)

t.test('origins that are added at once are all there', async (t) => {
  const { service, client } = await startWithApp(t)
  const added = ['a', 'b', 'c', 'd'].map((name) => `https://${name}.auth.example`)
  await Promise.all(
    added.map((origin) =>
      service.parts.changeClient(client.clientId, { allowedOrigins: [origin] }, operator, {
        addsOrigins: true,
      }),
    ),
  )
  const [row] = await query(service.databaseUrl, 'select allowed_origins from clients')
  t.strictSame([row?.allowed_origins].flat().sort(), [APP, ...added].sort())
})
