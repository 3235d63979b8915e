import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import { VARIABLES } from '../../src/config/variables.ts'
import { adminScopes } from '../../src/oauth/admin-scopes.ts'
import { createTestAdmin } from '../support/admin.ts'
import { claimsOf } from '../support/answer.ts'
import { adminContract, type Contract, publicContract } from '../support/contract.ts'
import { APP, addCookieClient, logInWithCookie } from '../support/cookies.ts'
import { createTestService, type TestService } from '../support/service.ts'

/** `npm run fuzz` sets it to ten thousand. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 40)

t.setTimeout(3_600_000)

/** Every request of the fuzzing comes from one address, and most of them fail. */
const UNLIMITED = Object.fromEntries(
  Object.values<{ name: string }>(VARIABLES)
    .filter(({ name }) => name.startsWith('RATE_LIMIT_'))
    .map(({ name }) => [name, 'off']),
)

const PARAMETERS = [
  ...['grant_type', 'username', 'password', 'refresh_token', 'client_id', 'client_secret', 'scope'],
  ...['resource', 'token', 'token_type_hint', 'sub', 'roles', 'claims', 'amr', 'acr', 'auth_time'],
  ...['device', 'audience', '__proto__', 'constructor', ''],
]
const TYPES = [
  'application/json',
  'application/x-www-form-urlencoded',
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/json;',
  'text/plain',
  'multipart/form-data; boundary=x',
  '',
]

/** What is good somewhere: so that inputs get further than the first refusal. */
async function collectGoodValues(service: TestService) {
  const backend = await service.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials', 'password', 'refresh_token'],
    scope: ['sessions:start', 'orders:read'],
  })
  const spa = await addCookieClient(service)
  const { cookie } = await logInWithCookie(service, spa)
  const { tokens, client } = await service.logIn()
  const { username, password } = await service.addUser()
  const { clientId: client_id } = client
  const { refresh_token, access_token } = tokens
  const bodies: Record<string, unknown>[] = [
    { grant_type: 'password', username, password, client_id },
    { grant_type: 'refresh_token', refresh_token, client_id },
    { grant_type: 'client_credentials', scope: 'orders:read' },
    { refresh_token, client_id },
    { token: access_token },
    { token: refresh_token, client_id },
    { sub: 'user-1', client_id, amr: ['mfa'], claims: { tier: 'gold' }, device: { label: 'x' } },
    {},
  ]
  const values = [
    ...bodies.flatMap((body) => Object.values(body)).filter((value) => typeof value === 'string'),
    ...[spa.clientId, backend.clientId, backend.secret ?? '', 'https://orders.example'],
  ]
  // Of a session that no input can end.
  const { tokens: others } = await service.logIn()
  const bearer = `Bearer ${others.access_token}`
  const headers: Record<string, string[]> = {
    authorization: [bearer, backend.basic.authorization ?? ''],
    cookie: [cookie.pair, `${cookie.pair}; ${cookie.pair}`, `${cookie.name}=x`],
    origin: [APP, 'https://evil.example', 'null'],
    'x-csrf': ['1', '1', '0'],
    'sec-fetch-site': ['same-origin', 'cross-site'],
    accept: ['*/*', 'application/json', 'text/html', ';;'],
    'content-encoding': ['identity', 'identity', 'identity', 'gzip'],
    'idempotency-key': ['one-key'],
    'x-request-id': ['some-id'],
    'if-none-match': ['*', '"x"'],
    'user-agent': ['Mozilla/5.0'],
    'x-forwarded-for': ['1.2.3.4', 'junk, ::1'],
    'access-control-request-method': ['POST'],
  }
  return { values, bodies, headers }
}

type Good = Awaited<ReturnType<typeof collectGoodValues>>

/** Any text: much of it good, short or plain; some of it with everything that Unicode has. */
function texts({ values }: Good): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...values) },
    { weight: 2, arbitrary: fc.string() },
    { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('\0', '\ud800', '%', '%zz', '\u202e', 'x'.repeat(5000)),
    },
  )
}

interface Body {
  readonly type: string
  readonly payload: string | Buffer
}

/** A good body with up to three members changed, as a form or as JSON; or none at all. */
function bodies(good: Good): fc.Arbitrary<Body> {
  const name = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...PARAMETERS) }, fc.string())
  const text = texts(good)
  const value = fc.oneof({ weight: 3, arbitrary: text }, fc.jsonValue())
  const changed = fc
    .tuple(
      fc.constantFrom(...good.bodies),
      fc.array(fc.tuple(name, value), { maxLength: 3 }),
      fc.array(fc.tuple(name, text), { maxLength: 1 }),
    )
    .map(([body, changes, more]) => ({
      members: Object.entries({ ...body, ...Object.fromEntries(changes) }),
      more,
    }))
  const encode = (part: unknown) =>
    encodeURIComponent((typeof part === 'string' ? part : JSON.stringify(part)).toWellFormed())
  const form = changed.map(({ members, more }) => ({
    type: TYPES[1] as string,
    payload: [...members, ...more].map((pair) => pair.map(encode).join('=')).join('&'),
  }))
  const json = changed.map(({ members }) => ({
    type: TYPES[0] as string,
    payload: JSON.stringify(Object.fromEntries(members)),
  }))
  const anything = fc.oneof(
    fc.json(),
    fc.string(),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  )
  const junk = fc.record({ type: fc.constantFrom(...TYPES), payload: anything })
  return fc.oneof({ weight: 4, arbitrary: form }, { weight: 4, arbitrary: json }, junk)
}

function requests(method: string, path: string, good: Good): fc.Arbitrary<InjectOptions> {
  const header = (known: string[]) =>
    fc.oneof(
      { weight: 12, arbitrary: fc.constant(undefined) },
      { weight: 10, arbitrary: fc.constantFrom(...known) },
      { weight: 1, arbitrary: fc.string({ maxLength: 300 }) },
    )
  const headers = fc.record(
    Object.fromEntries(Object.entries(good.headers).map(([name, known]) => [name, header(known)])),
  )
  const segment = texts(good).map((text) => encodeURIComponent(text.toWellFormed()).slice(0, 4000))
  const query = fc.oneof(
    { weight: 9, arbitrary: fc.constant('') },
    segment.map((one) => `?${one}`),
  )
  return fc.record({ headers, segment, query, body: bodies(good) }).map((given) => {
    const { type, payload } = given.body
    const sent = method === 'get' ? {} : { payload }
    const all = { ...given.headers, ...(method !== 'get' && type && { 'content-type': type }) }
    return {
      method: method.toUpperCase() as 'GET',
      url: path.replace(/\{[^}]+\}/g, () => given.segment || 'x') + given.query,
      headers: Object.fromEntries(
        Object.entries(all).filter(([, value]) => value !== undefined),
      ) as Record<string, string>,
      ...sent,
    }
  })
}

/** All but the stream, of which an answer has no end: its input is that of the list. */
const operationsOf = ({ document }: Contract) =>
  Object.entries(document.paths)
    .filter(([path]) => path !== '/.well-known/revocations/stream')
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ path, method })))

type Ask = (request: InjectOptions) => Promise<{ statusCode: number; body: string }>

/** Gives every operation of a document inputs, of which none may end in a 5xx. */
async function fuzz(t: Test, contract: Contract, ask: Ask, good: Good) {
  for (const { path, method } of operationsOf(contract)) {
    const seen: Record<string, number> = {}
    const holds = async (request: InjectOptions) => {
      const answer = await ask(request)
      seen[answer.statusCode] = (seen[answer.statusCode] ?? 0) + 1
      // The contract with the document is watched by the service of the test itself.
      if (answer.statusCode >= 500) throw new Error(`${answer.statusCode}: ${answer.body}`)
    }
    const property = fc.asyncProperty(requests(method, path, good), holds)
    const told = await fc.check(property, { numRuns: INPUTS, seed: 7, endOnFailure: true })
    const figures = `${method.toUpperCase()} ${path}: ${told.numRuns} inputs, ${JSON.stringify(seen)}`
    t.notOk(told.failed, told.failed ? (fc.defaultReportMessage(told) ?? '') : figures)
    if (process.env.FUZZ_INPUTS !== undefined) process.stderr.write(`${figures}\n`)
  }
}

t.test('no input makes a route fail, or answer what it does not declare', async (t) => {
  const env = { PASSWORD_QUEUE_LIMIT: '10000', ...UNLIMITED }
  const service = await createTestService(t, { env })
  const good = await collectGoodValues(service)
  t.ok(operationsOf(publicContract).length >= 15)
  await fuzz(t, publicContract, service.inject, good)

  await t.test('nor one of the admin API', async (t) => {
    const { app, tokenWith } = await createTestAdmin(t, service)
    const bearer = `Bearer ${await tokenWith(adminScopes)}`
    const { tokens, sub } = await service.logIn()
    const values = [...good.values, `${claimsOf(tokens.access_token).sid}`, sub, 'limit=1', 'all']
    const authorization = [bearer, bearer, `Bearer ${tokens.access_token}`]
    const headers = { ...good.headers, authorization }
    await fuzz(t, adminContract, (request) => app.inject(request), { ...good, values, headers })
  })
})
