import type { Test } from 'tap'
import { attack } from '../support/attacks.ts'
import { query } from '../support/database.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { listen, readAnswer } from '../support/raw.ts'
import {
  createTestService,
  ISSUER,
  ORDERS,
  type ServiceOptions,
  type TestService,
} from '../support/service.ts'

const JWKS = '/.well-known/jwks.json'
const METADATA = '/.well-known/oauth-authorization-server'
const PUBLISHED = [JWKS, METADATA, '/.well-known/openid-configuration']

const SECURITY = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': /^default-src 'none'; (.*; )?frame-ancestors 'none'$/,
  'strict-transport-security': 'max-age=63072000',
}

/** One good request for every operation, and the tokens it needs. */
async function everyOperation(t: Test, options?: ServiceOptions) {
  const service = await createTestService(t, { ...options, env: { DOCS: 'on', ...options?.env } })
  const machine = await service.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials'],
    introspects: [ORDERS],
  })
  const backend = await service.addBackend()
  const client = await service.addClient()
  const { username, password } = await service.addUser()
  const { tokens } = await service.logIn(client)
  const bearer = { authorization: `Bearer ${tokens.access_token}` }
  const { refresh_token } = tokens
  const [{ kid }] = JSON.parse(service.parts.keyRing.jwks()?.body ?? '').keys
  const client_id = client.clientId
  const login = { grant_type: 'password', client_id, username, password }
  const operations: [line: string, body?: object | undefined, headers?: Record<string, string>][] =
    [
      ['GET /'],
      ['GET /version'],
      ['GET /livez'],
      ['GET /readyz'],
      ['GET /errors'],
      ['GET /errors/refresh_reused'],
      ...PUBLISHED.map((path): [string] => [`GET ${path}`]),
      [`GET /.well-known/keys/${kid}.pem`],
      ['GET /.well-known/revocations'],
      [`GET /forward-auth?audience=${ISSUER}`, undefined, bearer],
      ['POST /token', login],
      ['POST /token', { grant_type: 'client_credentials' }, machine.basic],
      ['POST /token', { grant_type: 'refresh_token', refresh_token, client_id }],
      ['POST /refresh', { refresh_token, client_id }],
      ['POST /introspect', { token: tokens.access_token }, machine.basic],
      ['POST /sessions', { sub: 'user-1', client_id }, backend.basic],
      ['GET /me', undefined, bearer],
      ['GET /sessions', undefined, bearer],
      ['DELETE /sessions/01a1fdee-147f-7a2c-bdbd-11dc284559c0', undefined, bearer],
      ['GET /sessions/01a1fdee-147f-7a2c-bdbd-11dc284559c0/events', undefined, bearer],
      ['POST /sessions/end-others', undefined, bearer],
      ['POST /logout', { refresh_token }],
      ['POST /revoke', { token: refresh_token, client_id }],
    ]
  const ask = ([line, payload, headers = {}]: (typeof operations)[number]) => {
    const [method, url] = line.split(' ') as ['GET', string]
    return service.inject({ method, url, headers, ...(payload && { payload }) })
  }
  return { service, operations, ask }
}

/** What is answered in another type than JSON, by how the operation begins. */
const SPOKEN = [
  ['GET /errors', 'text/plain; charset=utf-8'],
  ['GET /.well-known/keys/', 'application/x-pem-file'],
  ['GET /.well-known/revocations', 'application/revocations+jwt'],
] as const

/** The operations of the document that the requests leave out. */
function leftOut({ app }: TestService, requests: string[]): string[] {
  const { paths = {} } = app.swagger() as { paths?: Record<string, object> }
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const patterns = all.map(
    (one) => [one, new RegExp(`^${one.replace(/\{\w+\}/g, '[^/]+')}$`)] as const,
  )
  return patterns
    .filter(([, one]) => !requests.some((line) => one.test(line.replace(/\?.*/, ''))))
    .map(([one]) => one)
}

attack(174, 'every answer has the security headers, and says what it is', async (t) => {
  const { service, operations, ask } = await everyOperation(t)
  t.strictSame(
    leftOut(
      service,
      operations.map(([line]) => line),
    ),
    // Its answer has no end: test/http/revocations.test.ts has its head.
    ['GET /.well-known/revocations/stream'],
  )
  for (const operation of operations) {
    const answer = await ask(operation)
    t.match(answer.headers, SECURITY, operation[0])
    const [, spoken = 'application/json; charset=utf-8'] =
      SPOKEN.find(([path]) => operation[0].startsWith(path)) ?? []
    const type = answer.body === '' ? undefined : spoken
    const expected = answer.statusCode === 404 ? 'application/problem+json; charset=utf-8' : type
    t.equal(answer.headers['content-type'], expected, operation[0])
  }
  const etag = (await service.inject({ url: JWKS })).headers.etag as string
  for (const [what, request, status] of [
    ['HEAD', { method: 'HEAD', url: '/livez' }, 200],
    ['304', { url: JWKS, headers: { 'if-none-match': etag } }, 304],
    ['401', { url: '/me' }, 401],
    ['404', { url: '/nothing' }, 404],
    ['405', { method: 'PUT', url: '/token' }, 405],
    ['406', { url: '/me', headers: { accept: 'text/html' } }, 406],
    ['400', { url: '/%zz' }, 400],
    ['413', { method: 'POST', url: '/token', payload: { a: 'a'.repeat(20_000) } }, 413],
    ['415', { method: 'POST', url: '/token', payload: 'a' }, 415],
    ['the document', { url: '/openapi.json' }, 200],
    ['the documentation', { url: '/docs' }, 200],
    ['a file of it', { url: '/docs/static/swagger-ui.css' }, 200],
    ['a file that is not there', { url: '/docs/static/none.css' }, 404],
  ] as const) {
    const answer = await service.inject(request as { url: string })
    t.equal(answer.statusCode, status, what)
    t.match(answer.headers, SECURITY, what)
    if (status >= 400) t.equal(answer.headers['cache-control'], 'no-store', what)
  }
})

attack(174, 'nothing tells by what it was made, on the wire as well', async (t) => {
  const { send } = await listen(t)
  for (const bytes of [
    'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET /docs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'nonsense\r\n\r\n',
    'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
    'BREW / HTTP/1.1\r\nHost: x\r\n\r\n',
  ]) {
    const { headers } = readAnswer(await send(bytes))
    t.match(headers, SECURITY, bytes)
    for (const name of ['server', 'x-powered-by', 'via']) t.notOk(name in headers, bytes)
  }
})

attack(174, 'over http nobody is told to come by https', async (t) => {
  const service = await createTestService(t, { env: { ISSUER: 'http://localhost:3000' } })
  const { headers } = await service.inject({ url: '/livez' })
  t.equal(headers['strict-transport-security'], undefined)
  t.equal(headers['x-content-type-options'], 'nosniff')
})

attack(176, 'keys and metadata are cacheable, and the same from every instance', async (t) => {
  const one = await createTestService(t)
  const two = await createTestService(t, { beside: one, seed: 'two' })
  for (const url of PUBLISHED) {
    const answer = await one.inject({ url })
    t.equal((await two.inject({ url })).body, answer.body, `${url}: the same bytes`)
    t.match(answer.headers['cache-control'], /max-age=\d+/, url)
    const { etag = '' } = answer.headers as { etag?: string }
    const again = await two.inject({ url, headers: { 'if-none-match': etag } })
    t.strictSame([again.statusCode, again.body], [304, ''], url)
    t.notMatch(answer.body, /HS\d/, url)
  }
  const { keys } = (await one.inject({ url: JWKS })).json()
  for (const { alg } of keys) t.match(alg, /^(ES256|RS256)$/)
  const metadata = (await one.inject({ url: METADATA })).json()
  t.equal(metadata.issuer, ISSUER)
  t.strictSame(
    metadata.id_token_signing_alg_values_supported.toSorted(),
    ['ES256', 'ES384', 'EdDSA', 'PS256', 'RS256'],
    'public keys all of them',
  )
})

/** What would tell a stranger how it looks inside. */
const INSIDE =
  /\b(select|insert|update|delete|drop|relation|column|syntax|postgres(ql)?|pg_|kysely|ECONN\w*|stack)\b|127\.0\.0\.1|::1|node_modules|\/src\/|\.ts\b|\bat \w+/i

for (const [what, status, ruin] of [
  [
    'away',
    503,
    async (_service: TestService, shut: () => Promise<void>) => {
      await shut()
    },
  ],
  [
    'without its tables',
    500,
    async ({ databaseUrl }: TestService) => {
      await query(
        databaseUrl,
        'drop table sessions, clients, users, revoked_tokens, events cascade',
      )
    },
  ],
] as const) {
  attack(177, `a database that is ${what} shows nothing of the inside, on any route`, async (t) => {
    const database = await createGatedDatabase(t)
    const { service, operations, ask } = await everyOperation(t, { databaseUrl: database.url })
    await ruin(service, database.shut)
    const { password, hostname, port, pathname } = new URL(database.url)
    let failed = 0
    for (const operation of operations) {
      const answer = await ask(operation)
      t.ok([200, status, 503].includes(answer.statusCode), `${operation[0]}: ${answer.statusCode}`)
      if (answer.statusCode === 200) continue
      failed += 1
      t.notMatch(answer.body, INSIDE, operation[0])
      for (const part of [password, hostname, port, pathname.slice(1)].filter(
        (one) => one !== '',
      )) {
        t.notOk(answer.body.includes(part), `${operation[0]}: ${part}`)
      }
      if (answer.statusCode === 503) t.ok(answer.headers['retry-after'], operation[0])
    }
    t.ok(failed >= 11, `${failed} operations need the database`)
  })
}
