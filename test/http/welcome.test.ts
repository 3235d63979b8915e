import t from 'tap'
import { createTestService, ISSUER } from '../support/service.ts'

const JWKS = '/.well-known/jwks.json'

t.test('/ names every place there is, under the issuer', async (t) => {
  const service = await createTestService(t, { env: { DOCS: 'on' } })
  const answer = await service.inject({ url: '/', headers: { host: 'evil.example' } })
  t.equal(answer.statusCode, 200)
  const { issuer, version, links } = answer.json()
  t.strictSame({ issuer, version }, { issuer: ISSUER, version: '0.0.0' })
  t.ok(Object.keys(links).length >= 12)
  for (const [name, link] of Object.entries<string>(links)) {
    t.ok(link.startsWith(`${ISSUER}/`), name)
    const there = await service.inject({ url: link.slice(ISSUER.length) })
    t.ok([200, 401, 405].includes(there.statusCode), `${name}: ${there.statusCode}`)
  }
  t.strictSame((await service.inject({ url: '/version' })).json(), { version: '0.0.0' })
})

const METHODS: Record<string, string> = {
  '/token': 'POST',
  '/revoke': 'POST',
  '/introspect': 'POST',
  '/sessions/{id}': 'DELETE',
  '/sessions/end-others': 'POST',
}
/** Notes are for paths of several meanings. */
const NOTES: Record<string, string> = {
  '/token': '( with grant_type=password)?',
  '/readyz': '( or, for the process alone, GET /livez)?',
}

const sentenceOn = (hint: string) => {
  const place = `${METHODS[hint] ?? 'GET'} ${hint}`.replace(/[.{}]/g, '\\$&')
  return new RegExp(`^there is nothing at this path; did you mean ${place}${NOTES[hint] ?? ''}\\?$`)
}

t.test('a path that other servers have is answered with ours', async (t) => {
  const { inject } = await createTestService(t, { env: { DOCS: 'on' } })
  const ours: Record<string, string[]> = {
    '/token': [
      '/oauth/token',
      '/oauth2/token',
      '/oauth2/v1/token/',
      '/auth/token',
      '/api/token',
      '/connect/token',
      '/protocol/openid-connect/token',
      '/realms/demo/protocol/openid-connect/token',
      '/login',
      '/signin',
      '/api/v1/login',
      '/Token',
      '/TOKEN',
      '/token/',
      '//token',
    ],
    '/revoke': ['/oauth/revoke', '/oauth2/revoke'],
    '/introspect': ['/oauth2/introspect', '/oauth/introspect'],
    '/forward-auth': ['/forwardauth', '/oauth2/auth_request'],
    '/me': ['/userinfo', '/oauth2/userinfo', '/me/'],
    [JWKS]: ['/jwks', '/jwks.json', '/certs', '/keys', '/.well-known/jwks', '/oauth2/v3/certs'],
    '/.well-known/openid-configuration': ['/realms/demo/.well-known/openid-configuration'],
    '/.well-known/oauth-authorization-server': ['/.well-known/oauth-authorization-server/demo'],
    '/livez': ['/health/live', '/live', '/Livez'],
    '/readyz': ['/health', '/healthz', '/health/ready', '/ready', '/readyz/'],
    '/docs': ['/swagger', '/api-docs', '/swagger/index.html'],
    '/openapi.json': ['/swagger.json', '/openapi.yaml', '/v3/api-docs/swagger.json'],
    '/sessions/{id}': ['/Sessions/01a1fdee-147f-7a2c-bdbd-11dc284559c0', '/sessions/x/'],
    '/sessions/end-others': ['/sessions/End-Others/'],
  }
  for (const [hint, paths] of Object.entries(ours)) {
    for (const url of paths) {
      for (const method of ['GET', 'POST'] as const) {
        const answer = await inject({ method, url })
        t.equal(answer.statusCode, 404, `${method} ${url}`)
        const problem = answer.json()
        t.equal(problem.hint, hint, `${method} ${url}`)
        t.match(problem.detail, sentenceOn(hint), `${method} ${url}`)
      }
    }
  }
})

t.test('a path like nothing here gets no hint, and none is repeated', async (t) => {
  const { inject } = await createTestService(t, { env: { DOCS: 'on' } })
  for (const url of [
    '/nothing',
    '/__proto__',
    '/constructor',
    `/${'x'.repeat(8000)}`,
    '/%1b%5b31m',
  ]) {
    const answer = await inject({ url })
    t.equal(answer.statusCode, 404, url.slice(0, 20))
    t.equal(answer.json().hint, undefined, url.slice(0, 20))
    t.ok(answer.body.length < 300, url.slice(0, 20))
  }
  const long = await inject({ url: `/${'x/'.repeat(3000)}token` })
  t.equal(long.json().hint, '/token')
  t.ok(long.body.length < 300)
})

t.test('a wrong path is told before anything about its body', async (t) => {
  const { inject } = await createTestService(t, { env: { DOCS: 'on' } })
  const headers = { 'content-type': 'application/json' }
  for (const payload of ['{', 'x'.repeat(20_000)]) {
    const wrong = await inject({ method: 'POST', url: '/oauth/token', headers, payload })
    t.equal(wrong.statusCode, 404)
    const method = await inject({ method: 'PUT', url: '/token', headers, payload })
    t.equal(method.statusCode, 405)
  }
})
