import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createServiceTokens, ServiceTokenError } from '../../src/verifier/service-token.ts'
import { createTestService, ORDERS } from '../support/service.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const SECRET = 'se:cr+t ä%'

/** Tokens of an endpoint whose answers a test makes. */
function createTokens(t: Test, random = 0.5, timeout = 5000) {
  let now = NOW
  const requests: { url: string; headers: Record<string, string>; form: URLSearchParams }[] = []
  const state = {
    respond: (): Response | Promise<Response> => issue(`token-${requests.length}`),
    secret: (): string | Promise<string> => SECRET,
  }
  const tokens = createServiceTokens({
    issuer: 'https://auth.example/',
    clientId: 'reports:1',
    clientSecret: () => state.secret(),
    clock: () => now,
    random: () => random,
    timeout,
    fetch: (async (url: string, init: RequestInit) => {
      const headers = init.headers as Record<string, string>
      requests.push({ url: String(url), headers, form: new URLSearchParams(String(init.body)) })
      return state.respond()
    }) as typeof globalThis.fetch,
  })
  t.teardown(() => tokens.close())
  return {
    ...tokens,
    state,
    requests,
    advance(seconds: number) {
      now += seconds * 1000
    },
  }
}

function issue(token: string, more: Record<string, unknown> = { expires_in: 600 }): Response {
  return Response.json({ access_token: token, token_type: 'Bearer', ...more })
}

async function settle(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await setImmediate()
}

function refuse(status: number, error: string, headers: Record<string, string> = {}): Response {
  const body = { error, error_description: 'it was wrong', reason: 'why', request_id: 'r1' }
  return Response.json(body, { status, headers })
}

t.test('asks as RFC 6749 section 4.4 and RFC 8707 have it', async (t) => {
  const { getToken, requests } = createTokens(t)
  t.equal(await getToken({ audience: ORDERS, scope: 'orders:write orders:read' }), 'token-1')
  const [request] = requests
  t.equal(request?.url, 'https://auth.example/token')
  t.same(
    [...(request?.form ?? [])],
    [
      ['grant_type', 'client_credentials'],
      ['resource', ORDERS],
      ['scope', 'orders:read orders:write'],
    ],
  )
  const credentials = Buffer.from('reports%3A1:se%3Acr%2Bt+%C3%A4%25').toString('base64')
  t.equal(request?.headers.authorization, `Basic ${credentials}`)
})

t.test('asks once for each audience and scope, however they are written', async (t) => {
  const { getToken, requests } = createTokens(t)
  const same = [
    getToken({ audience: ORDERS, scope: 'a b' }),
    getToken({ audience: [ORDERS], scope: ['b', 'a', 'b'] }),
  ]
  t.same(
    await Promise.all(same),
    ['token-2', 'token-2'].map(() => 'token-1'),
  )
  t.equal(await getToken({ audience: ORDERS, scope: 'a' }), 'token-2')
  t.equal(await getToken(), 'token-3')
  t.equal(await getToken({ audience: ORDERS, scope: 'b a' }), 'token-1')
  t.equal(requests.length, 3)
})

t.test('a token is replaced at 80 % of its life, while the old one is used', async (t) => {
  for (const [random, at] of [
    [0, 450],
    [0.5, 480],
    [0.999, 509.94],
  ] as const) {
    const { getToken, requests, advance } = createTokens(t, random)
    await getToken()
    advance(at - 0.01)
    await getToken()
    await settle()
    t.equal(requests.length, 1)
    advance(0.02)
    t.same(await Promise.all([getToken(), getToken()]), ['token-1', 'token-1'])
    await settle()
    t.equal(requests.length, 2)
    t.equal(await getToken(), 'token-2')
  }
})

t.test('a token that still lives is given as long as it lives, whatever is answered', async (t) => {
  const { getToken, requests, state, advance } = createTokens(t)
  await getToken()
  for (const answer of [
    () => refuse(500, 'server_error'),
    () => refuse(429, 'slow_down'),
    () => refuse(401, 'invalid_client'),
    () => Promise.reject(new Error('no network')),
    () => new Response('<html>'),
    () => issue('', {}),
  ]) {
    state.respond = answer
    advance(85)
    t.equal(await getToken(), 'token-1')
    await settle()
  }
  advance(89)
  t.equal(await getToken(), 'token-1')
  t.ok(requests.length > 1)
  advance(1)
  await t.rejects(getToken(), ServiceTokenError)
})

t.test(
  'in its last seconds a new one is waited for, and the old one is better than none',
  async (t) => {
    const good = createTokens(t)
    await good.getToken()
    good.advance(591)
    t.equal(await good.getToken(), 'token-2')
    const bad = createTokens(t)
    await bad.getToken()
    bad.state.respond = () => refuse(503, 'temporarily_unavailable')
    bad.advance(591)
    t.equal(await bad.getToken(), 'token-1')
  },
)

t.test('backs off from an endpoint in trouble, and takes Retry-After at its word', async (t) => {
  for (const answer of [
    () => refuse(503, 'temporarily_unavailable'),
    () => refuse(429, 'slow_down'),
    () => Promise.reject(new Error('no network')),
    () => new Response('<html>'),
  ]) {
    const { getToken, requests, state, advance } = createTokens(t)
    state.respond = answer
    const pauses: number[] = []
    for (let n = 0; n < 8; n += 1) {
      const error: ServiceTokenError = await getToken().catch((thrown) => thrown)
      t.ok(error instanceof ServiceTokenError)
      pauses.push(error.retryAfterSeconds)
      await t.rejects(getToken(), { code: error.code }, 'at once, without a request')
      t.equal(requests.length, n + 1)
      advance(error.retryAfterSeconds)
    }
    t.same(pauses, [2, 3, 6, 12, 24, 45, 45, 45])
    state.respond = () => issue('good')
    t.equal(await getToken(), 'good')
  }
  const { getToken, requests, state, advance } = createTokens(t)
  state.respond = () => refuse(429, 'slow_down', { 'retry-after': '20' })
  await t.rejects(getToken(), { code: 'unavailable', status: 429, retryAfterSeconds: 20 })
  advance(19)
  await t.rejects(getToken(), { code: 'unavailable', retryAfterSeconds: 1 })
  t.equal(requests.length, 1)
})

t.test(
  'what is refused is not asked again and again, and is taken up when it is put right',
  async (t) => {
    const { getToken, requests, state, advance } = createTokens(t)
    state.respond = () => refuse(401, 'invalid_client')
    for (let n = 0; n < 50; n += 1) {
      await t.rejects(getToken(), {
        code: 'refused',
        status: 401,
        error: 'invalid_client',
        errorDescription: 'it was wrong',
        reason: 'why',
        requestId: 'r1',
      })
      advance(0.1)
    }
    t.equal(requests.length, 1)
    state.secret = () => 'another'
    state.respond = () => issue('good')
    advance(60)
    t.equal(await getToken(), 'good')
    t.match(
      Buffer.from(`${requests[1]?.headers.authorization}`.slice(6), 'base64').toString(),
      /:another$/,
    )
  },
)

t.test(
  'a clock that is set back ends no token, lets none live on, and no pause last',
  async (t) => {
    for (const by of [0.001, 60, 3600]) {
      const { getToken, requests, state, advance } = createTokens(t)
      await getToken()
      state.respond = () => refuse(503, 'temporarily_unavailable')
      advance(-by)
      t.equal(await getToken(), 'token-1', `${by} s back`)
      t.equal(requests.length, 2, 'nobody knows how long it lives: another is asked for')
      advance(599)
      t.equal(await getToken(), 'token-1')
      advance(1)
      const { retryAfterSeconds }: ServiceTokenError = await getToken().catch((error) => error)
      state.respond = () => issue('good')
      advance(-3600)
      await t.rejects(getToken(), { code: 'unavailable', retryAfterSeconds })
      advance(retryAfterSeconds)
      t.equal(await getToken(), 'good')
    }
  },
)

t.test('a token that was refused elsewhere is dropped, and replaced once', async (t) => {
  const { getToken, forget, requests } = createTokens(t)
  const [orders, all] = [await getToken({ audience: ORDERS }), await getToken()]
  forget(orders)
  const calls = [getToken({ audience: ORDERS }), getToken({ audience: ORDERS })]
  t.same(await Promise.all(calls), ['token-3', 'token-3'])
  forget(orders)
  t.equal(await getToken({ audience: ORDERS }), 'token-3', 'another than the one that was named')
  t.equal(await getToken(), all)
  t.equal(requests.length, 3)
})

t.test(
  'of too many purposes the one that was not asked for the longest is forgotten',
  async (t) => {
    const { getToken, requests } = createTokens(t)
    for (let n = 0; n < 1000; n += 1) await getToken({ scope: `s${n}` })
    await getToken({ scope: 's0' })
    await getToken({ scope: 'one-more' })
    t.equal(await getToken({ scope: 's0' }), 'token-1')
    t.equal(requests.length, 1001)
    t.equal(await getToken({ scope: 's1' }), 'token-1002')
  },
)

t.test('a secret that does not come keeps back no token, and nobody waits for ever', async (t) => {
  const { getToken, requests, state, advance } = createTokens(t, 0.5, 20)
  await getToken()
  state.secret = () => new Promise(() => {})
  advance(595)
  t.equal(await getToken(), 'token-1')
  advance(5)
  await t.rejects(getToken(), { code: 'secret_unavailable', message: /none within 20 ms/ })
  for (const nothing of [undefined, '', 5, Promise.resolve(undefined)]) {
    advance(60)
    state.secret = () => nothing as string
    await t.rejects(getToken(), { code: 'secret_unavailable', message: /gave none/ })
  }
  t.equal(requests.length, 1, 'nothing was sent')
  advance(60)
  state.secret = () => SECRET
  t.equal(await getToken(), 'token-2')
})

t.test('whoever waits in the last seconds still gets the old one alive', async (t) => {
  const { getToken, state, advance } = createTokens(t)
  await getToken()
  state.respond = () => new Promise(() => {})
  advance(599.98)
  t.equal(await getToken(), 'token-1')
})

t.test('a token that says nothing of its life is used for a minute', async (t) => {
  const { getToken, state, advance } = createTokens(t)
  state.respond = () => issue('first', {})
  await getToken()
  state.respond = () => issue('second')
  advance(47)
  t.equal(await getToken(), 'first')
  advance(13)
  t.equal(await getToken(), 'second')
})

t.test('no error holds the secret', async (t) => {
  const { getToken, requests, state, advance } = createTokens(t)
  const echo = (said = '') =>
    Response.json(
      { error: 'invalid_client', error_description: said, reason: said },
      { status: 401 },
    )
  const sent = 'reports%3A1:se%3Acr%2Bt+%C3%A4%25'
  for (const answer of [
    () => refuse(401, 'invalid_client'),
    () => Promise.reject(new Error('no network')),
    () => new Response('<html>'),
    () => echo(`the secret ${SECRET} is wrong`),
    () => echo(`got ${sent}`),
    () => echo(`got ${btoa(sent)}`),
    () => echo(requests.at(-1)?.headers.authorization),
  ]) {
    state.respond = answer
    const error = await getToken().catch((thrown) => thrown)
    const text = `${error.stack} ${JSON.stringify(error)} ${JSON.stringify(error.cause ?? '')}`
    t.notMatch(text, /se:cr|se%3Acr|Basic/)
    t.notOk(text.includes(btoa(sent).slice(0, 20)))
    t.ok(error instanceof ServiceTokenError)
    advance(100)
  }
  state.secret = () => Promise.reject(new Error('the vault is closed'))
  await t.rejects(getToken(), { code: 'secret_unavailable', cause: { message: /vault/ } })
})

t.test('after close there are no tokens', async (t) => {
  const { getToken, close, requests } = createTokens(t)
  await getToken()
  close()
  await t.rejects(getToken(), { code: 'closed' })
  t.equal(requests.length, 1)
})

t.test('says which option is wrong', async (t) => {
  const good = { issuer: 'https://auth.example', clientId: 'a', clientSecret: 'b' }
  const { issuer: _issuer, ...none } = good
  const wrong: [object | null | undefined, RegExp][] = [
    [undefined, /needs options/],
    [null, /needs options/],
    [none, /^issuer or tokenEndpoint is required/],
    [{ ...good, issuer: 'auth' }, /^issuer must be a URL/],
    [{ ...good, issuer: 'ftp://auth.example' }, /^issuer must be a URL/],
    [{ ...good, issuer: 'https://u:p@auth.example' }, /^issuer must be a URL/],
    [{ ...good, issuer: 'https://auth.example?a' }, /^issuer must be a URL/],
    [{ ...good, tokenEndpoint: new URL('ftp://a.example') }, /^tokenEndpoint must be a URL/],
    [{ ...good, tokenEndpoint: 'https://a.example#b' }, /^tokenEndpoint must be a URL/],
    [{ ...good, clientId: '' }, /^clientId/],
    [{ ...good, clientSecret: '' }, /^clientSecret/],
    [{ ...good, clientSecret: undefined }, /^clientSecret/],
    [{ ...good, timeout: -1 }, /^timeout must be a number from 1/],
    [{ ...good, timeout: Number.NaN }, /^timeout/],
    [{ ...good, timeout: '5000' }, /^timeout/],
    [{ ...good, fetch: 5 }, /^fetch must be a function/],
    [{ ...good, scope: 'a' }, /^scope is not an option; there are issuer,/],
  ]
  for (const [options, message] of wrong) {
    t.throws(() => createServiceTokens(options as never), { name: 'TypeError', message })
  }
})

t.test('says what cannot be asked for, and asks nothing', async (t) => {
  const { getToken, requests } = createTokens(t)
  const wrong: [unknown, RegExp][] = [
    ['https://x', /^getToken takes an object/],
    [null, /^getToken takes an object/],
    [['https://x'], /^getToken takes an object/],
    [{ audience: 5 }, /^audience must be a string/],
    [{ audience: '' }, /^audience must be a string/],
    [{ scope: [5] }, /^scope must be a string/],
    [{ resource: 'https://x' }, /^resource is not asked for/],
  ]
  for (const [request, message] of wrong) {
    await t.rejects(getToken(request as never), { name: 'TypeError', message })
  }
  t.equal(requests.length, 0)
  t.equal(await getToken({ audience: undefined, scope: '' } as never), 'token-1')
})

t.test('the service gives them, and says why it does not', async (t) => {
  const service = await createTestService(t)
  const { clientId, secret = '' } = await service.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials'],
    scope: ['orders:read'],
  })
  const issuer = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const make = (clientSecret: string) => {
    const tokens = createServiceTokens({ issuer, clientId, clientSecret })
    t.teardown(() => tokens.close())
    return tokens
  }
  const token = await make(secret).getToken({ audience: ORDERS, scope: 'orders:read' })
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  t.match(claims, { client_id: clientId, aud: [ORDERS], scope: 'orders:read' })
  await t.rejects(make('wrong').getToken(), {
    code: 'refused',
    status: 401,
    error: 'invalid_client',
  })
  await t.rejects(make(secret).getToken({ audience: 'https://others.example' }), {
    code: 'refused',
    error: 'invalid_target',
    reason: 'resource_not_allowed',
  })
})
