import t from 'tap'
import { claimsOf, summary } from '../support/answer.ts'
import { createTestService, ISSUER, type TestService } from '../support/service.ts'

const PATHS = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']

const read = (service: TestService, url = PATHS[0] ?? '', headers: Record<string, string> = {}) =>
  service.inject({ method: 'GET', url, headers })

t.test('3: both paths answer the same bytes, cacheable', async (t) => {
  const service = await createTestService(t)
  const [one, two] = await Promise.all(PATHS.map((path) => read(service, path)))
  t.equal(one?.statusCode, 200)
  t.match(one?.headers['content-type'], /^application\/json\b/)
  t.match(one?.headers['cache-control'], /^public, max-age=300\b/)
  t.equal(one?.body, two?.body)
  const etag = one?.headers.etag as string
  for (const path of PATHS) {
    const answer = await read(service, path, { 'if-none-match': etag })
    t.equal(answer.statusCode, 304, path)
    t.equal(answer.body, '')
    t.equal(answer.headers['cache-control'], one?.headers['cache-control'])
    const head = await service.inject({ method: 'HEAD', url: path })
    t.strictSame([head.statusCode, head.body, head.headers.etag], [200, '', etag])
  }
})

t.test('every instance answers the same bytes', async (t) => {
  const one = await createTestService(t)
  const first = await read(one)
  const env = { VERIFIER_CACHE_TTL: '1m' }
  const second = await read(await createTestService(t, { beside: one, seed: 'another', env }))
  t.equal(second.body, first.body)
  t.equal(second.headers.etag, first.headers.etag)
  t.match(
    second.headers['cache-control'],
    /^public, max-age=60,/,
    'and says how long they are good',
  )
})

t.test('3.3: the issuer is the configured one, and the one in the tokens', async (t) => {
  const service = await createTestService(t)
  const { issuer } = (await read(service)).json()
  t.equal(issuer, ISSUER)
  const { tokens } = await service.logIn()
  t.equal(claimsOf(tokens.access_token).iss, issuer)
})

t.test('2: every address that is named exists, under the issuer', async (t) => {
  const service = await createTestService(t, { env: { DOCS: 'on' } })
  const metadata = (await read(service)).json<Record<string, unknown>>()
  const addresses = Object.entries(metadata).filter(([name]) => /_(endpoint|uri)$/.test(name))
  t.strictSame(addresses.map(([name]) => name).sort(), [
    'introspection_endpoint',
    'jwks_uri',
    'revocation_endpoint',
    'revocations_stream_uri',
    'revocations_uri',
    'token_endpoint',
  ])
  for (const [name, address] of [
    ...addresses,
    ['service_documentation', metadata.service_documentation],
  ] as [string, string][]) {
    t.ok(address.startsWith(`${ISSUER}/`), name)
    // A stream that is asked for as it should be has no end.
    const query = name === 'revocations_stream_uri' ? '?since=now' : ''
    const url = `${address.slice(ISSUER.length)}${query}`
    const method = name.endsWith('_endpoint') ? 'POST' : 'GET'
    const answer = await service.inject({ method, url })
    t.not(answer.statusCode, 404, name)
    t.not(answer.statusCode, 405, name)
  }
})

t.test('2: every grant and method that is promised works', async (t) => {
  const service = await createTestService(t)
  const metadata = (await read(service)).json<Record<string, string[]>>()
  const client = await service.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials', 'password', 'refresh_token'],
  })
  const { tokens } = await service.logIn(client)
  const { username, password } = await service.addUser()
  const forms: Record<string, Record<string, string>> = {
    client_credentials: {},
    password: { username, password },
    refresh_token: { refresh_token: tokens.refresh_token },
  }
  t.strictSame(metadata.grant_types_supported?.toSorted(), Object.keys(forms))
  for (const grant_type of metadata.grant_types_supported ?? []) {
    const form = { grant_type, ...forms[grant_type] }
    t.equal(summary(await service.post('/token', form, client.basic)), '200', grant_type)
  }
  const methods = ['client_secret_basic', 'client_secret_post', 'none'] as const
  t.strictSame(metadata.token_endpoint_auth_methods_supported?.toSorted(), methods)
  t.strictSame(metadata.revocation_endpoint_auth_methods_supported?.toSorted(), methods)
  t.strictSame(
    metadata.introspection_endpoint_auth_methods_supported?.toSorted(),
    methods.slice(0, 2),
    'introspection is for clients with a secret',
  )
  for (const authenticationMethod of methods) {
    const { clientId, secret, basic } = await service.addClient({ authenticationMethod })
    const inBody = {
      client_id: clientId,
      ...(authenticationMethod === 'client_secret_post' && { client_secret: secret ?? '' }),
    }
    const isBasic = authenticationMethod === 'client_secret_basic'
    const asked = { token: 'x', ...(isBasic ? {} : inBody) }
    const headers = isBasic ? basic : {}
    for (const endpoint of ['revocation', 'introspection']) {
      const promised = metadata[`${endpoint}_endpoint_auth_methods_supported`] ?? []
      const url = endpoint === 'revocation' ? '/revoke' : '/introspect'
      const { statusCode } = await service.post(url, asked, headers)
      t.equal(statusCode === 200, promised.includes(authenticationMethod), `${url} ${secret}`)
    }
  }
  t.strictSame(metadata.response_types_supported, [], 'there is no authorization endpoint')
})

t.test('the name by which a request arrives changes nothing', async (t) => {
  const service = await createTestService(t)
  const plain = await read(service)
  for (const headers of [
    { host: 'evil.example' },
    { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' },
    { forwarded: 'host=evil.example;proto=http' },
    { host: '' },
  ]) {
    const what = JSON.stringify(headers)
    for (const path of [...PATHS, '/.well-known/jwks.json', '/openapi.json']) {
      const answer = await service.inject({ method: 'GET', url: path, headers })
      t.equal(answer.statusCode, 200, `${path} ${what}`)
      t.equal(answer.body.includes('evil'), false, `${path} ${what}`)
      if (PATHS.includes(path)) t.equal(answer.body, plain.body)
    }
  }
  const client = await service.addClient()
  const { username, password } = await service.addUser()
  const { clientId: client_id } = client
  const form = { grant_type: 'password', username, password, client_id }
  const answer = await service.post('/token', form, { host: 'evil.example' })
  t.equal(claimsOf(answer.json().access_token).iss, ISSUER)
})
