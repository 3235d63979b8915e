import t from 'tap'
import { query } from '../support/database.ts'
import { until } from '../support/process.ts'
import { createTestService, ISSUER, type TestService } from '../support/service.ts'

const ask = (service: TestService, method: 'GET' | 'PUT' | 'DELETE', url: string, headers = {}) =>
  service.inject({ method, url, headers })

t.test('every refusal outside OAuth is a problem of one shape', async (t) => {
  const service = await createTestService(t)
  for (const [what, answer, status, code] of [
    ['an unknown path', await ask(service, 'GET', '/nothing'), 404, 'not_found'],
    ['another method', await ask(service, 'PUT', '/me'), 405, 'method_not_allowed'],
    ['another method below', await ask(service, 'GET', '/sessions/x'), 405, 'method_not_allowed'],
    ['no token', await ask(service, 'GET', '/me'), 401, 'token_missing'],
    ['a bad one', await ask(service, 'GET', '/me', { authorization: 'Bearer x' }), 401, ''],
  ] as const) {
    t.equal(answer.statusCode, status, what)
    t.match(answer.headers['content-type'], /^application\/problem\+json\b/, what)
    t.equal(answer.headers['cache-control'], 'no-store', what)
    const body = answer.json()
    t.strictSame(
      Object.keys(body).sort(),
      ['code', 'detail', 'request_id', 'status', 'title', 'type'],
      what,
    )
    t.match(body, { type: `${ISSUER}/errors/${body.code}`, status })
    if (code !== '') t.equal(body.code, code, what)
    t.equal(body.request_id, answer.headers['x-request-id'], what)
  }
})

t.test('a wrong method is told the right ones', async (t) => {
  const service = await createTestService(t, { env: { DOCS: 'on' } })
  for (const [method, url, allow] of [
    ['PUT', '/me', ['GET', 'HEAD']],
    ['PUT', '/sessions', ['GET', 'HEAD', 'POST']],
    ['GET', '/sessions/x', ['DELETE']],
    ['DELETE', '/livez', ['GET', 'HEAD']],
    ['PUT', '/docs', ['GET', 'HEAD']],
    ['PUT', '/docs/', ['GET', 'HEAD']],
    ['PUT', '/docs/static/swagger-ui.css', ['GET', 'HEAD']],
    ['PUT', '/openapi.json', ['GET', 'HEAD']],
    ['PUT', '/%6de', ['GET', 'HEAD']],
  ] as const) {
    const answer = await ask(service, method, url)
    t.equal(answer.statusCode, 405, url)
    const allowed = String(answer.headers.allow).split(', ').sort()
    t.strictSame(allowed, allow, `${method} ${url}`)
  }
})

t.test('a URL that cannot be decoded is refused in our shape, not the framework’s', async (t) => {
  const service = await createTestService(t)
  for (const url of ['/%zz', '/sessions/%ff', '/%', '/me?x=%zz', '/me?%ff', '/nothing?x=%']) {
    const answer = await ask(service, 'GET', url)
    t.equal(answer.statusCode, 400, url)
    t.match(answer.json(), { code: 'url_malformed', request_id: /./ }, url)
    t.equal(answer.headers['x-content-type-options'], 'nosniff', 'by the way that all go')
    t.equal(answer.body.includes(url), false, 'and is not repeated')
  }
})

t.test('a compressed body is refused by name, and what would do is told', async (t) => {
  const service = await createTestService(t)
  for (const url of ['/token', '/logout', '/sessions', '/me']) {
    const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' }
    const method = url === '/me' ? 'GET' : 'POST'
    const answer = await service.inject({ method, url, headers, payload: '{}' })
    t.equal(answer.statusCode, 415, url)
    const { reason, code } = answer.json()
    t.equal(reason ?? code, 'content_encoding_unsupported', url)
    t.equal(answer.headers['accept-encoding'], 'identity', url)
  }
  const plain = { 'content-encoding': 'identity' }
  t.equal((await ask(service, 'GET', '/livez', plain)).statusCode, 200)
})

t.test('a request id that looks like a secret is neither echoed nor logged', async (t) => {
  const service = await createTestService(t)
  const { tokens } = await service.logIn()
  for (const id of [tokens.refresh_token, 'mm_cs_abcdef', tokens.access_token.slice(0, 100)]) {
    const answer = await ask(service, 'GET', '/livez', { 'x-request-id': id })
    t.not(answer.headers['x-request-id'], id)
    t.equal(service.log.join().includes(id), false)
  }
  const answer = await ask(service, 'GET', '/livez', { 'x-request-id': 'trace-1' })
  t.equal(answer.headers['x-request-id'], 'trace-1')
})

t.test('every answer has its line in the log, a URL that cannot be decoded as well', async (t) => {
  const service = await createTestService(t)
  for (const url of ['/%zz', '/nothing', '/livez']) {
    const answer = await ask(service, 'GET', url)
    const id = answer.headers['x-request-id'] as string
    t.equal(service.log.filter((line) => line.includes(id)).length, 1, url)
  }
})

t.test('a database that takes no writes is not ready, and no refresh is lost to it', async (t) => {
  const service = await createTestService(t)
  const { tokens, client } = await service.logIn()
  await query(
    service.databaseUrl,
    `alter database ${new URL(service.databaseUrl).pathname.slice(1)} set default_transaction_read_only = on`,
  )
  await query(
    service.databaseUrl,
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  // The pool may still give out a connection that was cut, of which it has not heard yet.
  await until('the reason', async () => {
    const ready = await ask(service, 'GET', '/readyz')
    t.equal(ready.statusCode, 503)
    return /^takes no writes/.test(ready.json().checks.database.detail)
  })
  const refused = await service.refresh(client, tokens.refresh_token)
  t.equal(refused.statusCode, 503)
  t.equal(refused.json().reason, 'database_unavailable')
})
