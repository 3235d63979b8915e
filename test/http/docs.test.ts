import t from 'tap'
import { createTestService, type TestService } from '../support/service.ts'

const METADATA = '/.well-known/oauth-authorization-server'

const get = (service: TestService, url: string, headers: Record<string, string> = {}) =>
  service.inject({ method: 'GET', url, headers })

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

t.test('off, /docs is an ordinary 404 and the metadata do not name it', async (t) => {
  const service = await createTestService(t)
  for (const url of ['/docs', '/docs/', '/docs/json', '/docs/static/swagger-ui.css']) {
    const answer = await get(service, url)
    t.equal(answer.statusCode, 404, url)
    t.match(answer.json(), { code: 'not_found' }, url)
  }
  t.notOk('service_documentation' in (await get(service, METADATA)).json())
  t.equal((await get(service, '/openapi.json')).statusCode, 200, 'the document is there')
})

t.test('on, it is served and named', async (t) => {
  const service = await createTestService(t, { env: { DOCS: 'on' } })
  for (const url of ['/docs', '/docs/', '/docs/json', '/docs/static/swagger-ui.css']) {
    t.equal((await get(service, url)).statusCode, 200, url)
  }
  t.match((await get(service, METADATA)).json(), { service_documentation: /\/docs$/ })
  const document = (await get(service, '/openapi.json')).json()
  t.strictSame((await get(service, '/docs/json')).json(), document, 'both show one document')
  const yaml = await get(service, '/docs/yaml')
  t.equal(yaml.statusCode, 404)
  t.match(yaml.json(), { code: 'not_found', hint: '/openapi.json' }, 'and there is no other')
})

t.test('with a password it asks for that, and for no particular name', async (t) => {
  const password = 'correct: hörse+%41'
  const service = await createTestService(t, { env: { DOCS_PASSWORD: password } })
  const urls = ['/docs/', '/docs/json', '/docs/yaml', '/docs/static/swagger-ui.css']
  for (const url of urls) {
    for (const headers of [
      {},
      basic(`docs:${password}!`),
      basic(password.slice(0, 7)),
      basic('docs:'),
      { authorization: 'Basic *' },
      { authorization: `Bearer ${password.replace('ö', 'o')}` },
    ]) {
      const answer = await get(service, url, headers)
      t.equal(answer.statusCode, 401, `${url} ${JSON.stringify(headers)}`)
      t.match(answer.headers['www-authenticate'], /^Basic realm=/)
      t.match(answer.json(), { code: 'docs_password_required' })
    }
    for (const name of ['docs', 'somebody', '']) {
      const answer = await get(service, url, basic(`${name}:${password}`))
      t.equal(answer.statusCode, url.endsWith('yaml') ? 404 : 200, `${url} as ${name}`)
    }
  }
  t.equal((await get(service, '/openapi.json')).statusCode, 200, 'the document is open')
})

t.test('who guesses the password is stopped, and nobody who was never asked', async (t) => {
  const password = 'correct horse'
  const env = { DOCS_PASSWORD: password, RATE_LIMIT_CLIENT_FAILURES: '3/1m' }
  const service = await createTestService(t, { env })
  for (let load = 0; load < 5; load += 1) {
    t.equal((await get(service, '/docs/')).statusCode, 401, 'a browser that has not asked yet')
    t.equal((await get(service, '/docs/', basic(`me:${password}`))).statusCode, 200)
  }
  for (let guess = 0; guess < 3; guess += 1) {
    t.equal((await get(service, '/docs/', basic(`me:guess ${guess}`))).statusCode, 401)
  }
  for (const text of ['me:guess 3', `me:${password}`]) {
    const answer = await get(service, '/docs/json', basic(text))
    t.equal(answer.statusCode, 429)
    t.match(answer.headers['content-type'], 'application/problem+json')
    t.match(answer.json(), { code: 'too_many_failures' })
    t.ok(answer.headers['retry-after'])
  }
})

t.test(
  'a browser is asked below /docs/, so that it keeps the password to these paths',
  async (t) => {
    const service = await createTestService(t, { env: { DOCS_PASSWORD: 'correct horse' } })
    const answer = await get(service, '/docs')
    t.equal(answer.statusCode, 302)
    t.equal(answer.headers.location, 'docs/', 'relative, as a proxy may have stripped a path')
  },
)

t.test('under an issuer with a path, everything is asked for under that path', async (t) => {
  const issuer = 'https://example.com/auth'
  const service = await createTestService(t, { env: { DOCS: 'on', ISSUER: issuer } })
  const page = (await get(service, '/docs')).body
  const asked = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path = '']) => path)
  t.ok(asked.length >= 5)
  for (const path of asked) t.match(path, /^\/auth\/docs\/static\//)
  const { servers, paths, components } = (await get(service, '/openapi.json')).json()
  t.equal(servers[0].url, '/auth')
  t.ok('/token' in paths, 'paths are below the server')
  for (const flow of Object.values(components.securitySchemes.oauth2.flows)) {
    t.match(flow, { tokenUrl: '/auth/token', refreshUrl: '/auth/refresh' })
  }
})
