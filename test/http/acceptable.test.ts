import t from 'tap'
import { createTestService } from '../support/service.ts'
import { unchanged } from '../support/state.ts'

t.test('who admits no JSON is told so, before anything is done', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const { username, password } = await service.addUser()
  const form = { grant_type: 'password', client_id: client.clientId, username, password }
  for (const accept of [
    'text/html',
    'text/*',
    'application/json;q=0',
    'application/xml, text/html;q=0.9',
    '*/*;q=0',
    '*/*;q=1, application/json;q=0',
    'application/jsonx',
  ]) {
    const answer = await unchanged(t, service, accept, () =>
      service.post('/token', form, { accept }),
    )
    t.equal(answer.statusCode, 406, accept)
    const expected = { error: 'invalid_request', reason: 'not_acceptable' }
    t.match(answer.json(), expected, accept)
    t.match(answer.json().error_description, accept)
  }
  const me = await service.inject({ url: '/me', headers: { accept: 'text/html' } })
  t.match(me.json(), { status: 406, code: 'not_acceptable' })
  t.match(me.headers['content-type'], 'application/problem+json')
})

t.test('who admits JSON in whatever words is served', async (t) => {
  const service = await createTestService(t)
  for (const accept of [
    '*/*',
    'application/*',
    'application/json',
    'Application/JSON; charset=UTF-8',
    'text/html, application/json;q=0.001',
    'text/html, */*;q=0.1',
    'application/problem+json',
    // Not of the RFC's grammar, so it says nothing.
    '',
    ',',
    'json',
    'text',
    'text/html;q=2',
    'text/html;q=high',
  ]) {
    const answer = await service.inject({ url: '/version', headers: { accept } })
    t.equal(answer.statusCode, 200, accept)
  }
  const without = await service.inject({ url: '/version' })
  t.equal(without.statusCode, 200)
})

t.test('what verifiers, probes and tools fetch, no header breaks', async (t) => {
  const service = await createTestService(t, { env: { DOCS: 'on' } })
  for (const url of [
    '/.well-known/jwks.json',
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/livez',
    '/readyz',
    '/docs',
    '/docs/static/swagger-ui.css',
    '/openapi.json',
  ]) {
    const answer = await service.inject({ url, headers: { accept: 'image/png' } })
    t.equal(answer.statusCode, 200, url)
  }
})
