import { createPublicKey } from 'node:crypto'
import { calculateJwkThumbprint, createLocalJWKSet, type JWK, jwtVerify } from 'jose'
import t from 'tap'
import { createApp } from '../../src/http/app.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { createTestService, ISSUER, type TestService } from '../support/service.ts'
import { addSigningKeys } from '../support/signing-keys.ts'

const PATH = '/.well-known/jwks.json'
const get = (service: TestService, headers: Record<string, string> = {}) =>
  service.inject({ method: 'GET', url: PATH, headers })

t.test('5: the set holds public signing keys and nothing private', async (t) => {
  const service = await createTestService(t)
  const answer = await get(service)
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^application\/json\b/)
  t.strictSame(Object.keys(answer.json()), ['keys'])
  const { keys } = answer.json<{ keys: JWK[] }>()
  t.strictSame(keys.map(({ alg }) => alg).sort(), ['ES256', 'ES256', 'RS256', 'RS256'])
  t.equal(new Set(keys.map(({ kid }) => kid)).size, 4)
  const members = {
    EC: ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    RSA: ['alg', 'e', 'kid', 'kty', 'n', 'use'],
  }
  for (const key of keys) {
    t.strictSame(Object.keys(key).sort(), members[key.kty as 'EC' | 'RSA'], key.alg ?? '')
    t.equal(key.use, 'sig')
  }
  const rsa = keys.find(({ kty }) => kty === 'RSA')
  t.ok(Buffer.from(rsa?.n ?? '', 'base64url').length >= 256, 'RSA of 2048 bits or more')
  t.equal(rsa?.e, 'AQAB')
  t.equal(keys.find(({ kty }) => kty === 'EC')?.crv, 'P-256')
})

t.test('RFC 7638, RFC 8037: whatever its algorithm, a key’s kid is its thumbprint', async (t) => {
  const databaseUrl = await createTestDatabase(t)
  await addSigningKeys(databaseUrl, 'PS256', 'EdDSA', 'ES384')
  const service = await createTestService(t, { databaseUrl })
  const answer = await get(service)
  const { keys } = answer.json<{ keys: JWK[] }>()
  const algorithms = new Set(keys.map(({ alg }) => alg))
  t.strictSame([...algorithms].sort(), ['ES256', 'ES384', 'EdDSA', 'PS256', 'RS256'])
  t.notMatch(answer.body, /"(d|p|q|dp|dq|qi|oth|k)":/)
  for (const key of keys) {
    t.equal(key.kid, await calculateJwkThumbprint(key, 'sha256'), key.alg ?? '')
  }
})

t.test('every instance answers the same bytes', async (t) => {
  const one = await createTestService(t)
  const first = await get(one)
  let second = first
  for (const [alg, age] of [
    ['ES256', '1 day'],
    ['RS256', '2 days'],
  ] as const) {
    const older = 'update signing_keys set created_at = created_at - $2::interval where alg = $1'
    await query(one.databaseUrl, older, [alg, age])
    second = await get(await createTestService(t, { beside: one, seed: alg }))
    t.equal(second.body, first.body, `whichever key is the older one, here ${alg}`)
    t.equal(second.headers.etag, first.headers.etag)
  }
  const { tokens } = await one.logIn()
  const keys = createLocalJWKSet(second.json())
  const currentDate = new Date(one.clock.now())
  const { payload } = await jwtVerify(tokens.access_token, keys, { issuer: ISSUER, currentDate })
  t.ok(payload.sub, 'a token of one is verified with the keys of the other')
})

t.test('whoever has the set already is told so and no more', async (t) => {
  const service = await createTestService(t)
  const { headers } = await get(service)
  const etag = headers.etag as string
  t.match(etag, /^"[\x21\x23-\x7e]+"$/)
  t.equal(
    headers['cache-control'],
    'public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400',
    'good for a day if we are away',
  )
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const answer = await get(service, { 'if-none-match': known })
    t.equal(answer.statusCode, 304, known)
    t.equal(answer.body, '')
    t.equal(answer.headers.etag, etag)
    t.equal(answer.headers['cache-control'], headers['cache-control'])
  }
  for (const other of ['"other"', etag.slice(1, -1), '', `${etag.slice(0, -1)}x"`]) {
    t.equal((await get(service, { 'if-none-match': other })).statusCode, 200, other)
  }
})

t.test('no answer is kept for longer than it is good for', async (t) => {
  const service = await createTestService(t)
  const { keyRing, clock } = service.parts
  const jwks = keyRing.jwks()
  t.ok(jwks)
  const maxAge = async (one: TestService, headers?: Record<string, string>) => {
    const answer = await get(one, headers)
    return [
      answer.statusCode,
      /\bmax-age=(\d+),/.exec(String(answer.headers['cache-control']))?.[1],
    ]
  }
  for (const [changesIn, expected] of [
    [undefined, '300'],
    [301_000, '300'],
    [299_001, '300'],
    [299_000, '299'],
    [1, '1'],
    [0, '5'],
    [-3_600_000, '5'],
  ] as const) {
    const changesAt = changesIn === undefined ? undefined : clock.now() + changesIn
    keyRing.jwks = () => jwks && { ...jwks, changesAt }
    const what = `a change in ${changesIn} ms`
    t.strictSame(await maxAge(service), [200, expected], what)
    const known = { 'if-none-match': jwks?.etag ?? '' }
    t.strictSame(await maxAge(service, known), [304, expected], `${what}, of the one that is known`)
  }
  const quick = await createTestService(t, { beside: service, env: { VERIFIER_CACHE_TTL: '20s' } })
  t.strictSame(await maxAge(quick), [200, '20'], 'nor than verifiers are said to keep it')
})

const pemOf = (service: TestService, kid: string, headers: Record<string, string> = {}) =>
  service.inject({ method: 'GET', url: `/.well-known/keys/${kid}.pem`, headers })

t.test('RFC 7468 13: each key of the set is there in PEM, and nothing else is', async (t) => {
  const gate = await createGatedDatabase(t)
  const service = await createTestService(t, { databaseUrl: gate.url })
  const { keys } = (await get(service)).json<{ keys: JWK[] }>()
  const { headers } = await get(service)
  await gate.shut()
  for (const { kid = '', kty = '', alg = '', use: _, ...members } of keys) {
    const answer = await pemOf(service, kid)
    t.equal(answer.statusCode, 200, alg)
    t.equal(answer.headers['content-type'], 'application/x-pem-file', alg)
    t.match(answer.body, /^-----BEGIN PUBLIC KEY-----\n[\s\S]+\n-----END PUBLIC KEY-----\n$/)
    const jwk = createPublicKey(answer.body).export({ format: 'jwk' })
    t.strictSame(jwk, { kty, ...members }, 'it is the key of the set')
    t.equal(answer.headers['cache-control'], headers['cache-control'])
    const etag = answer.headers.etag as string
    const again = await pemOf(service, kid, { 'if-none-match': etag })
    t.equal(again.statusCode, 304)
    t.equal(again.body, '')
    t.equal((await pemOf(service, kid, { 'if-none-match': '"other"' })).statusCode, 200)
  }
  const [{ kid = '' } = {}] = keys
  for (const other of [
    'unknown',
    '',
    kid.toLowerCase(),
    kid.slice(1),
    `${kid}.pem`,
    `${kid}%20`,
    '..%2f..%2f..%2fdev%2fnull',
    '..%2f..%2f..%2fetc%2fpasswd',
    '__proto__',
    'constructor',
    "'%20or%20''='",
    '%22',
    '*',
    'x'.repeat(7000),
  ]) {
    const answer = await pemOf(service, other)
    const what = other.slice(0, 40)
    t.equal(answer.statusCode, 404, what)
    t.match(answer.json(), { code: 'key_unknown', hint: PATH }, what)
    t.equal(answer.headers['cache-control'], 'no-store', what)
  }
  for (const unreadable of ['%00', `${kid}%00`, '%zz', 'a/b%00']) {
    t.equal((await pemOf(service, unreadable)).json().code, 'url_malformed', unreadable)
  }
  for (const url of [`../../dev/null`, '../jwks.json%23']) {
    t.equal((await pemOf(service, url)).statusCode, 404, url)
  }
  t.equal((await pemOf(service, 'x'.repeat(9000))).statusCode, 414)
})

t.test('a key in PEM goes when it retires, and before the keys are there says so', async (t) => {
  const service = await createTestService(t)
  const { keys } = (await get(service)).json<{ keys: JWK[] }>()
  const kid = keys.find(({ alg }) => alg === 'ES256')?.kid ?? ''
  const keyRing = { ...service.parts.keyRing, loaded: false, jwks: () => undefined }
  const starting = await createApp({ ...service.parts, keyRing, version: '0.0.0' })
  t.teardown(() => starting.close())
  const early = await starting.inject(`/.well-known/keys/${kid}.pem`)
  t.equal(early.statusCode, 503, 'unknown is not the same as not known yet')
  t.equal(early.json().code, 'not_ready')
  t.ok(early.headers['retry-after'])
  await query(service.databaseUrl, `update signing_keys set state = 'retired' where kid = $1`, [
    kid,
  ])
  t.equal((await pemOf(service, kid)).statusCode, 200, 'it is not read for each request')
  await service.parts.keyRing.load()
  t.equal((await pemOf(service, kid)).json().code, 'key_unknown')
})

t.test('only reading methods are taken', async (t) => {
  const service = await createTestService(t)
  const head = await service.inject({ method: 'HEAD', url: PATH })
  t.equal(head.statusCode, 200)
  t.equal(head.body, '')
  const { headers } = await get(service)
  for (const name of ['etag', 'cache-control', 'content-type', 'content-length']) {
    t.equal(head.headers[name], headers[name], name)
  }
  const known = { 'if-none-match': headers.etag as string }
  t.equal((await service.inject({ method: 'HEAD', url: PATH, headers: known })).statusCode, 304)
  for (const method of ['POST', 'PUT', 'DELETE'] as const) {
    const answer = await service.inject({ method, url: PATH })
    t.equal(answer.statusCode, 405, method)
    t.match(answer.headers.allow, /\bGET\b/)
  }
})

t.test('who fetches the set is counted, by family and address, without the database', async (t) => {
  const gate = await createGatedDatabase(t)
  const env = { TRUSTED_PROXIES: 'loopback' }
  const service = await createTestService(t, { databaseUrl: gate.url, env })
  const { jwksFetches, keyRing } = service.parts
  await gate.shut()
  const from = (address: string, agent: string, more: object = {}) => ({
    'x-forwarded-for': address,
    'user-agent': agent,
    ...more,
  })
  const { headers } = await get(service, from('192.0.2.1', 'jose/v6.2.17'))
  service.clock.advance(60)
  const known = { 'if-none-match': headers.etag }
  t.equal((await get(service, from('192.0.2.1', 'jose/v6.2.17', known))).statusCode, 304)
  await get(service, from('2001:db8:1:2:3:4:5:6', 'Go-http-client/1.1'))
  await get(service, from('2001:db8:1:2::7', 'Go-http-client/1.1'))
  await get(service, from('192.0.2.1', 'curl/8.5.0'))
  const head = { method: 'HEAD', url: PATH, headers: from('192.0.2.8', 'curl/8.5.0') } as const
  await service.inject(head)
  await service.inject({ method: 'GET', url: '/livez', headers: from('192.0.2.8', 'curl/8.5.0') })
  const at = service.clock.now()
  const once = { firstAt: at, lastAt: at, fetches: 1 }
  t.strictSame(jwksFetches.take(), [
    { family: 'curl', address: '192.0.2.1', ...once },
    { family: 'go', address: '2001:db8:1:2::', ...once, fetches: 2 },
    { family: 'jose', address: '192.0.2.1', firstAt: at - 60_000, lastAt: at, fetches: 2 },
  ])
  Object.defineProperty(keyRing, 'loaded', { value: false })
  t.equal((await get(service)).statusCode, 200)
  t.strictSame(jwksFetches.take(), [], 'a key may be missing from what is only remembered')
})

t.test('the keys, the metadata and liveness are there while the database is away', async (t) => {
  const gate = await createGatedDatabase(t)
  const service = await createTestService(t, { databaseUrl: gate.url })
  const before = await get(service)
  await gate.shut()
  const after = await get(service)
  t.equal(after.statusCode, 200)
  t.equal(after.body, before.body)
  for (const url of ['/.well-known/oauth-authorization-server', '/livez', '/openapi.json']) {
    t.equal((await service.inject({ method: 'GET', url })).statusCode, 200, url)
  }
  const ready = await service.inject({ method: 'GET', url: '/readyz' })
  t.equal(ready.statusCode, 503)
  t.match(ready.json(), {
    status: 'not_ready',
    checks: { database: { ok: false }, keys: { ok: true } },
  })
})
