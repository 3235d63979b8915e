import t from 'tap'
import { createTestService, type TestService } from '../support/service.ts'

const ask = (service: TestService, method: 'GET' | 'PUT' | 'DELETE', url: string, headers = {}) =>
  service.inject({ method, url, headers })

t.test('every refusal outside OAuth is a problem of one shape', async (t) => {
  const service = await createTestService(t)
  for (const [what, answer, status, code] of [
    ['an unknown path', await ask(service, 'GET', '/nothing'), 404, 'not_found'],
    ['a trailing slash', await ask(service, 'GET', '/me/'), 404, 'not_found'],
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
    t.match(body, { type: 'about:blank', status })
    if (code !== '') t.equal(body.code, code, what)
    t.equal(body.request_id, answer.headers['x-request-id'], what)
  }
})

t.test('a wrong method is told the right ones', async (t) => {
  const service = await createTestService(t)
  for (const [method, url, allow] of [
    ['PUT', '/me', ['GET', 'HEAD']],
    ['PUT', '/sessions', ['GET', 'HEAD', 'POST']],
    ['GET', '/sessions/x', ['DELETE']],
    ['DELETE', '/livez', ['GET', 'HEAD']],
  ] as const) {
    const answer = await ask(service, method, url)
    t.equal(answer.statusCode, 405, url)
    const allowed = String(answer.headers.allow).split(', ').sort()
    t.strictSame(allowed, allow, `${method} ${url}`)
  }
})

t.test('a URL that cannot be decoded is refused in our shape, not the framework’s', async (t) => {
  const service = await createTestService(t)
  for (const url of ['/%zz', '/sessions/%ff', '/%']) {
    const answer = await ask(service, 'GET', url)
    t.equal(answer.statusCode, 400, url)
    t.match(answer.json(), { request_id: /./ }, url)
    t.equal(answer.body.includes(url), false, 'and is not repeated')
  }
})
