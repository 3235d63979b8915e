import { createServer } from 'node:http'
import fastifySwagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { VerifyError } from '../../src/verifier/errors.ts'
import * as express from '../../src/verifier/express.ts'
import auth from '../../src/verifier/fastify.ts'
import { createRequestAuth } from '../../src/verifier/request.ts'
import type { Verifier, VerifyOptions } from '../../src/verifier/types.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const ISSUER = 'https://auth.example'
const ORDERS = 'https://orders.example'

const { privateKey, publicKey } = await generateKeyPair('ES256')
const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
const options = { issuer: ISSUER, audience: ORDERS, jwks: { keys: [jwk] }, clock: () => NOW }

async function sign(claims: Record<string, unknown> = {}): Promise<string> {
  const iat = NOW / 1000
  const standard = { iss: ISSUER, aud: ORDERS, sub: 'alice', client_id: 'web', jti: 'j1' }
  const all = { ...standard, iat, exp: iat + 600, scope: 'orders:read', ...claims }
  return new SignJWT(all)
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' })
    .sign(privateKey)
}

const good = await sign()
const expired = await sign({ iat: NOW / 1000 - 900, exp: NOW / 1000 - 300 })

/** A verifier in whose place something else answers. */
function standIn(verify: (token: string, options?: VerifyOptions) => Promise<never>): Verifier {
  return { ...createVerifier(options), verify }
}

const stale = standIn(() => Promise.reject(new VerifyError({ code: 'revocations_stale' })))
const broken = standIn(() => Promise.reject(new RangeError('a fault of the program')))

/** What any adapter answered to a request for what needs `orders:read`. */
interface Answered {
  status: number
  headers: Record<string, string | undefined>
  body: string
}

type Ask = (headers: Record<string, string | string[]>, path?: string) => Promise<Answered>

interface Asked {
  scope?: string
  optional?: boolean
  verifier?: Verifier
  exposeDetails?: boolean
}

/** Each adapter behind one route that answers with who called. */
const ADAPTERS: Record<string, (t: Test, asked?: Asked) => Promise<Ask>> = {
  async fastify(t, { verifier, exposeDetails = false, ...asked } = {}) {
    const app = Fastify()
    t.teardown(() => app.close())
    const base = verifier === undefined ? options : { verifier }
    await app.register(auth, { ...base, exposeDetails })
    app.get('/orders', { onRequest: app.requireAuth(asked) }, async ({ auth }) => ({
      sub: auth?.claims.sub ?? null,
    }))
    return async (headers, path = '/orders') => {
      const { statusCode, headers: said, body } = await app.inject({ url: path, headers })
      return { status: statusCode, headers: said as Answered['headers'], body }
    }
  },
  async express(t, { verifier, exposeDetails = false, ...asked } = {}) {
    const base = verifier === undefined ? options : { verifier }
    const guard = express.auth({ ...base, ...asked, exposeDetails })
    return chain(t, [guard], express.answerErrors({ exposeDetails }))
  },
  async request(t, { verifier, exposeDetails = false, ...asked } = {}) {
    const base = verifier === undefined ? options : { verifier }
    const { withAuth, close } = createRequestAuth({ ...base, exposeDetails })
    t.teardown(close)
    const respond = withAuth(
      (_request, auth) => Response.json({ sub: auth?.claims.sub ?? null }),
      asked,
    )
    return async (given, path = '/orders') => {
      const headers = new Headers()
      for (const [name, value] of Object.entries(given)) {
        for (const one of [value].flat()) headers.append(name, one)
      }
      const response = await respond(new Request(`${ORDERS}${path}`, { headers }))
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: await response.text(),
      }
    }
  },
}

type Middleware = ReturnType<typeof express.requiredScopes>

/** Middleware one after the other, as Express runs it, over Node's own server. */
async function chain(
  t: Test,
  middleware: Middleware[],
  last: ReturnType<typeof express.answerErrors>,
): Promise<Ask> {
  const server = createServer((request, response) => {
    const given = request as typeof request & { auth?: express.ExpressAuth }
    const next = (at: number) => (error?: unknown) => {
      const step = middleware[at]
      if (error !== undefined) {
        last(error, given, response, () => {
          response.statusCode = 500
          response.end(String(error))
        })
      } else if (step !== undefined) {
        step(given, response, next(at + 1))
      } else {
        response.end(JSON.stringify({ sub: given.auth?.payload.sub ?? null }))
      }
    }
    next(0)()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  return async (headers, path = '/orders') => {
    const pairs = Object.entries(headers).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    )
    const { request } = await import('node:http')
    return new Promise((resolve, reject) => {
      // Two headers of one name can be sent as raw pairs alone.
      const sent = request({ port, path, headers: ['host', 'a', ...pairs.flat()] as never })
      sent.on('error', reject)
      sent.on('response', async (response) => {
        let body = ''
        for await (const part of response) body += part
        const said = response.headers as Answered['headers']
        resolve({ status: response.statusCode ?? 0, headers: said, body })
      })
      sent.end()
    })
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

for (const [name, open] of Object.entries(ADAPTERS)) {
  t.test(name, async (t) => {
    t.test('lets a good token in, whatever the case of its scheme', async (t) => {
      const ask = await open(t, { scope: 'orders:read' })
      for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
        const { status, body } = await ask({ authorization: `${scheme} ${good}` })
        t.equal(status, 200)
        t.same(JSON.parse(body), { sub: 'alice' })
      }
    })

    t.test('tells who shows no token nothing but to show one', async (t) => {
      const ask = await open(t)
      const shown = [
        {},
        { authorization: 'Basic YTpi' },
        { authorization: 'Digest username="a", realm="b"' },
        { authorization: 'Bearer' },
        { authorization: good },
        { authorization: `Bearer${good}` },
      ] as Record<string, string>[]
      for (const headers of shown) {
        const answer = await ask(headers)
        t.equal(answer.status, 401)
        t.equal(answer.headers['www-authenticate'], 'Bearer')
        t.equal(answer.headers['cache-control'], 'no-store')
        t.equal(JSON.parse(answer.body).code, 'token_missing')
      }
      const inUrl = await ask({}, `/orders?access_token=${good}`)
      t.equal(JSON.parse(inUrl.body).code, 'token_missing', 'a token in the URL is none')
    })

    t.test('refuses a request with more than one token', async (t) => {
      const ask = await open(t)
      for (const [headers, path] of [
        [{ authorization: [`Bearer ${good}`, `Bearer ${good}`] }],
        [{ authorization: [`Bearer ${good}`, 'Basic YTpi'] }],
        [{ authorization: ['Basic YTpi', `Bearer ${good}`] }],
        [{ authorization: `Bearer ${good}, Bearer ${good}` }],
        [bearer(good), '/orders?access_token=x'],
      ] as [Record<string, string | string[]>, string?][]) {
        const answer = await ask(headers, path)
        t.equal(answer.status, 400)
        t.equal(JSON.parse(answer.body).code, 'request_invalid')
        t.match(answer.headers['www-authenticate'], /error="invalid_request"/)
      }
    })

    t.test('says what is wrong with a token, and nothing of what is in it', async (t) => {
      const ask = await open(t, { scope: 'orders:write' })
      const over = await ask(bearer(expired))
      t.equal(over.status, 401)
      t.match(over.headers['content-type'], /^application\/problem\+json/)
      t.match(over.headers['www-authenticate'], /^Bearer error="invalid_token"/)
      t.same(JSON.parse(over.body), {
        type: 'about:blank',
        title: 'Unauthorized',
        status: 401,
        detail: 'the token has expired',
        code: 'token_expired',
      })
      const narrow = await ask(bearer(good))
      t.equal(narrow.status, 403)
      t.match(narrow.headers['www-authenticate'], /insufficient_scope.*scope="orders:write"/)
      t.match((await ask(bearer('nonsense'))).body, /token_malformed/)
    })

    t.test('says it all when it is told to', async (t) => {
      const ask = await open(t, { scope: 'orders:write', exposeDetails: true })
      const { body } = await ask(bearer(good))
      t.match(JSON.parse(body), { expected: /orders:write/, actual: /orders:read/ })
    })

    t.test('answers 503 for trouble of ours, and 500 for a fault of the program', async (t) => {
      const { status, headers, body } = await (await open(t, { verifier: stale }))(bearer(good))
      t.equal(status, 503)
      t.equal(headers['retry-after'], '5')
      t.equal(headers['www-authenticate'], undefined)
      t.match(body, /revocations_stale/)
      const fault = open(t, { verifier: broken }).then((ask) => ask(bearer(good)))
      if (name === 'request') await t.rejects(fault, RangeError)
      else t.equal((await fault).status, 500)
    })

    t.test('lets a request without a token in where one is optional', async (t) => {
      const ask = await open(t, { optional: true })
      t.same(JSON.parse((await ask({})).body), { sub: null })
      t.same(JSON.parse((await ask(bearer(good))).body), { sub: 'alice' })
      t.equal((await ask(bearer(expired))).status, 401)
    })

    t.test('passes on what a route says of stale revocations', async (t) => {
      const asked: unknown[] = []
      const verifier = standIn(async (_token, given) => {
        asked.push(given)
        throw new VerifyError({ code: 'revocations_stale' })
      })
      const route = { whenRevocationsStale: 'closed', scope: 'a' } as const
      await (await open(t, { verifier, ...route }))(bearer(good))
      t.same(asked, [route])
    })
  })
}

t.test('refusals before and after the verifier are counted and told', async (t) => {
  const told: string[] = []
  const verifier = createVerifier({ ...options, onRefused: ({ code }) => told.push(code) })
  for (const open of Object.values(ADAPTERS)) {
    const ask = await open(t, { verifier })
    await ask({})
    await ask(bearer(good), '/orders?access_token=x')
    const optional = await open(t, { verifier, optional: true })
    await optional({})
  }
  const each = ['token_missing', 'request_invalid']
  t.strictSame(told.splice(0), [...each, ...each, ...each])
  const wants = [express.requiredScopes('b'), express.claimEquals('sub', 'bob')]
  for (const want of wants) {
    const ask = await chain(t, [express.auth({ verifier }), want], express.answerErrors())
    await ask(bearer(good))
  }
  t.strictSame(told, ['scope_missing', 'claim_invalid'])
  t.match(verifier.stats().refused, { token_missing: 3, request_invalid: 3, scope_missing: 1 })
})

t.test('a guard that wants something wrong is not made', async (t) => {
  const wrong: [required: unknown, message: RegExp][] = [
    [{ scopes: 'orders:read' }, /^scopes cannot be asked for; there are scope,/],
    [{ toString: 'orders:read' }, /^toString cannot be asked for/],
    [{ scope: undefined }, /^scope must be a scope or a list/],
    [{ scope: '' }, /^scope/],
    [{ scope: ' ' }, /^scope/],
    [{ scope: [] }, /^scope/],
    [{ scope: ['orders:read', ''] }, /^scope/],
    [{ scope: ['orders:read', undefined] }, /^scope/],
    [{ scope: 7 }, /^scope/],
    [{ whenRevocationsStale: 'shut' }, /^whenRevocationsStale must be 'open' or 'closed'/],
    [{ optional: 'yes' }, /^optional must be true or false/],
  ]
  const positional: typeof wrong = [
    ['orders:read', /must be an object, such as { scope/],
    [['orders:read'], /must be an object/],
    [null, /must be an object/],
  ]
  const app = Fastify()
  await app.register(auth, options)
  t.teardown(() => app.close())
  const guard = express.auth(options)
  const { withAuth, authenticate, verifier } = createRequestAuth(options)
  const request = new Request(ORDERS, { headers: bearer(good) })
  for (const [required, message] of [...wrong, ...positional]) {
    const fault = { name: 'TypeError', message }
    const what = JSON.stringify(required)
    t.throws(() => app.requireAuth(required as object), fault, what)
    t.throws(() => guard.requireAuth(required as object), fault, what)
    if (required !== null) {
      t.throws(() => withAuth(() => new Response(), required as object), fault, what)
      await t.rejects(authenticate(request, required as object), fault, what)
    }
    if (JSON.stringify(required)?.includes('optional')) continue
    await t.rejects(verifier.verify(good, required as object), fault, what)
    await t.rejects(verifier.explain(good, required as object), fault, what)
  }
  await t.rejects(verifier.verify(good, { optional: true } as object), {
    name: 'TypeError',
    message: /^optional/,
  })
  for (const scope of [undefined, '', []] as unknown as string[]) {
    t.throws(() => express.auth({ ...options, scope }), {
      name: 'TypeError',
      message: /^scope must/,
    })
    t.throws(() => express.requiredScopes(scope), { name: 'TypeError', message: /^scopes must/ })
    t.throws(() => express.scopeIncludesAny(scope), { name: 'TypeError', message: /^scopes must/ })
  }
})

t.test('the middleware that express-oauth2-jwt-bearer has, too', async (t) => {
  const rich = await sign({ scope: 'a b', roles: ['clerk', 'admin'], tenant: 't1', level: 3 })
  const cases: [string, Middleware, number][] = [
    ['requiredScopes', express.requiredScopes('a b'), 200],
    ['requiredScopes', express.requiredScopes(['b']), 200],
    ['requiredScopes', express.requiredScopes('a c'), 403],
    ['scopeIncludesAny', express.scopeIncludesAny('c b'), 200],
    ['scopeIncludesAny', express.scopeIncludesAny(['c', 'd']), 403],
    ['claimEquals', express.claimEquals('tenant', 't1'), 200],
    ['claimEquals', express.claimEquals('level', '3'), 401],
    ['claimEquals', express.claimEquals('toString', null), 401],
    ['claimIncludes', express.claimIncludes('roles', 'admin', 'clerk'), 200],
    ['claimIncludes', express.claimIncludes('roles', 'admin', 'chief'), 401],
    ['claimIncludes', express.claimIncludes('scope', 'b'), 200],
    ['claimIncludes', express.claimIncludes('level', 3), 401],
    ['claimCheck', express.claimCheck(({ level }) => level === 3), 200],
    ['claimCheck', express.claimCheck(({ level }) => level === 4, 'a higher level'), 401],
    ['claimCheck', express.claimCheck(async ({ level }) => level === 3), 200],
    ['claimCheck', express.claimCheck(async ({ level }) => level === 4), 401],
  ]
  const guard = express.auth(options)
  t.teardown(guard.close)
  for (const [name, middleware, status] of cases) {
    const ask = await chain(t, [guard, middleware], express.answerErrors())
    t.equal((await ask(bearer(rich))).status, status, name)
    const alone = await chain(t, [middleware], express.answerErrors())
    t.equal((await alone(bearer(rich))).status, 401, `${name} without auth`)
  }
  const route = guard.requireAuth({ scope: 'c' })
  t.equal((await (await chain(t, [route], express.answerErrors()))(bearer(rich))).status, 403)
  const errors: { status?: number; statusCode?: number; headers?: object }[] = []
  const request = { rawHeaders: ['Authorization', `Bearer ${expired}`], originalUrl: '/orders' }
  await new Promise<void>((resolve) => {
    guard(request, {} as never, (error) => {
      errors.push(error as object)
      resolve()
    })
  })
  t.match(errors, [
    { status: 401, statusCode: 401, headers: { 'www-authenticate': /Bearer error/ } },
  ])
})

t.test('the document of a Fastify app', async (t) => {
  const open = async (swagger: object = {}): Promise<FastifyInstance> => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(fastifySwagger, { openapi: { openapi: '3.1.0', ...swagger } })
    await app.register(auth, options)
    return app
  }
  // biome-ignore lint/suspicious/noExplicitAny: a document is read as one writes it.
  const documentOf = async (app: FastifyInstance): Promise<any> => {
    await app.ready()
    return app.swagger()
  }
  const answer = async () => ({})

  t.test('has the scheme, and what each guarded route requires and answers', async (t) => {
    const app = await open()
    app.get('/open', answer)
    app.get('/mine', { onRequest: app.requireAuth() }, answer)
    app.get('/orders', { preHandler: [app.requireAuth({ scope: ['a', 'b'] })] }, answer)
    app.get('/perhaps', { onRequest: app.requireAuth({ optional: true }) }, answer)
    const both = [app.requireAuth({ optional: true }), app.requireAuth()]
    app.get('/twice', { onRequest: both }, answer)
    app.register((scope, _options, done) => {
      scope.get('/inner', answer)
      scope.addHook('onRequest', scope.requireAuth({ scope: 'c' }))
      done()
    })
    const { paths, components } = await documentOf(app)
    t.same(components.securitySchemes, {
      bearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    })
    t.same(Object.keys(paths['/open'].get.responses), ['200'])
    t.equal(paths['/open'].get.security, undefined)
    t.same(Object.keys(paths['/mine'].get.responses), ['200', '401', '503'])
    t.same(paths['/mine'].get.security, [{ bearerAuth: [] }])
    t.same(paths['/perhaps'].get.security, [{}, { bearerAuth: [] }])
    t.same(paths['/twice'].get.security, [{ bearerAuth: [] }])
    for (const [path, scopes] of [
      ['/orders', /a b/],
      ['/inner', /c/],
    ] as const) {
      const { responses } = paths[path].get
      t.same(Object.keys(responses), ['200', '401', '403', '503'])
      t.match(responses['403'].description, scopes)
      t.ok(responses['401'].headers['WWW-Authenticate'])
      t.ok(responses['503'].headers['Retry-After'])
      const { code } = responses['401'].content['application/problem+json'].schema.properties
      t.ok(code.enum.includes('token_expired'))
    }
    t.equal((await app.inject('/inner')).statusCode, 401)
  })

  t.test('keeps what the app says itself', async (t) => {
    const mine = { type: 'http', scheme: 'bearer', description: 'ours' }
    const app = await open({ components: { securitySchemes: { bearerAuth: mine, other: mine } } })
    const schema = {
      summary: 'Orders',
      security: [{ other: [] }],
      response: { 200: { type: 'object', description: 'All' }, 401: { description: 'Ours' } },
    }
    app.get('/orders', { onRequest: app.requireAuth(), schema }, answer)
    const { paths, components } = await documentOf(app)
    t.same(components.securitySchemes.bearerAuth, mine)
    const { summary, security, responses } = paths['/orders'].get
    t.match({ summary, security }, { summary: 'Orders', security: [{ other: [] }] })
    t.equal(responses['200'].description, 'All')
    t.equal(responses['401'].description, 'Ours')
    t.ok(responses['503'])
  })

  t.test('says the same in YAML', async (t) => {
    for (const securitySchemes of [undefined, { other: { type: 'http', scheme: 'basic' } }]) {
      const app = await open(securitySchemes && { components: { securitySchemes } })
      app.get('/orders', { onRequest: app.requireAuth() }, answer)
      await app.ready()
      const { parse } = await import('yaml')
      t.same(parse(app.swagger({ yaml: true })), JSON.parse(JSON.stringify(app.swagger())))
    }
  })

  t.test('is not missed by an app that has none', async (t) => {
    const app = Fastify()
    await app.register(auth, options)
    app.get('/orders', { onRequest: app.requireAuth() }, answer)
    t.equal((await app.inject('/orders')).statusCode, 401)
    await app.close()
  })
})

t.test('an app closes the verifier that was made for it, and no other', async (t) => {
  let closed = 0
  const verifier = { ...createVerifier(options), close: () => (closed += 1) }
  const app = Fastify()
  await app.register(auth, { verifier: verifier as unknown as Verifier })
  await app.close()
  t.equal(closed, 0)
})
