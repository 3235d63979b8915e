import { crc32 } from 'node:zlib'
import { base62, decodeBase64url } from '../../src/base/encoding.ts'
import type { Registration } from '../../src/clients/registration.ts'
import { claimsOf, postRaw, summary } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import {
  createTestService,
  ISSUER,
  ORDERS,
  type TestClient,
  type TestService,
  type Tokens,
} from '../support/service.ts'
import { unchanged } from '../support/state.ts'

const MACHINE: Partial<Registration> = {
  authenticationMethod: 'client_secret_post',
  grantTypes: ['client_credentials'],
}

/** A complete form for every grant. */
async function formsOf(service: TestService) {
  const machine = await service.addClient(MACHINE)
  const web = await service.addClient({ authenticationMethod: 'client_secret_post' })
  const { username, password } = await service.addUser()
  const credentials = ({ clientId, secret = '' }: TestClient) => ({
    client_id: clientId,
    client_secret: secret,
  })
  const login = { ...credentials(web), grant_type: 'password', username, password }
  const tokens = (await service.post('/token', login)).json<Tokens>()
  const rest = { scope: 'orders:read', resource: ORDERS }
  return {
    machine,
    web,
    forms: {
      client_credentials: { grant_type: 'client_credentials', ...credentials(machine), ...rest },
      password: { ...login, ...rest },
      refresh_token: {
        grant_type: 'refresh_token',
        refresh_token: tokens.refresh_token,
        ...credentials(web),
        ...rest,
      },
    } as Record<string, Record<string, string>>,
  }
}

const encode = (form: Record<string, string>) => new URLSearchParams(form).toString()

attack(44, 'the token endpoint takes POST alone', async (t) => {
  const service = await createTestService(t)
  const methods = ['GET', 'PUT', 'HEAD', 'DELETE', 'PATCH', 'TRACE', 'QUERY', 'PROPFIND']
  for (const method of methods as 'GET'[]) {
    const answer = await service.inject({ method, url: '/token' })
    t.equal(answer.statusCode, 405, method)
    t.match(String(answer.headers.allow), /\bPOST\b/, method)
  }
})

attack(45, 'a grant that is absent, unknown or not this client’s', async (t) => {
  const service = await createTestService(t)
  const { forms } = await formsOf(service)
  const { grant_type, ...rest } = forms.client_credentials as Record<string, string>
  const missing = '400 invalid_request parameter_missing'
  const unsupported = '400 unsupported_grant_type grant_type_unsupported'
  const forbidden = '400 unauthorized_client grant_not_allowed'
  for (const [given, expected] of [
    [{}, missing],
    [{ grant_type: '' }, missing],
    ...['implicit', 'authorization_code', 'Password', 'password ', 'junk', '__proto__'].map(
      (grant) => [{ grant_type: grant }, unsupported] as const,
    ),
    [{ grant_type: 'password', username: 'a', password: 'b' }, forbidden],
  ] as [Record<string, string>, string][]) {
    const answer = await unchanged(t, service, JSON.stringify(given), () =>
      service.post('/token', { ...rest, ...given }),
    )
    t.equal(summary(answer), expected, JSON.stringify(given))
  }
})

attack(46, 'every parameter repeated, on every grant', async (t) => {
  const service = await createTestService(t)
  const { forms } = await formsOf(service)
  await unchanged(t, service, 'all of them', async () => {
    for (const [grant, form] of Object.entries(forms)) {
      for (const [name, value] of Object.entries(form)) {
        if (name === 'resource') continue
        for (const again of [value, 'other', '']) {
          const answer = await postRaw(
            service,
            '/token',
            `${encode(form)}&${encode({ [name]: again })}`,
          )
          const refused = '400 invalid_request parameter_repeated'
          t.equal(summary(answer), refused, `${grant}: ${name}=${again}`)
        }
      }
    }
  })
})

attack(47, 'a credential in the query is refused, and not logged', async (t) => {
  const service = await createTestService(t)
  const { forms } = await formsOf(service)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const path of ['/token', '/refresh', '/logout', '/revoke', '/introspect', '/sessions']) {
    for (const name of ['client_secret', 'password', 'refresh_token', 'access_token', 'token']) {
      const url = `${path}?${name}=canary-in-the-url`
      const payload = encode(forms.password as Record<string, string>)
      const answer = await unchanged(t, service, url, () =>
        service.inject({ method: 'POST', url, headers, payload }),
      )
      t.equal(summary(answer), '400 invalid_request credentials_in_query', url)
    }
  }
  t.notMatch(service.log.join(), 'canary-in-the-url')
})

attack(48, 'bodies of other types are refused; JSON is taken, by decision', async (t) => {
  const service = await createTestService(t)
  const { forms } = await formsOf(service)
  const form = forms.client_credentials as Record<string, string>
  const type = '415 invalid_request content_type_unsupported'
  for (const given of ['text/plain', 'multipart/form-data; boundary=x', 'application/xml']) {
    t.equal(summary(await postRaw(service, '/token', encode(form), given)), type, given)
  }
  const none = await service.inject({ method: 'POST', url: '/token', payload: encode(form) })
  t.equal(summary(none), type, 'no Content-Type')
  const json = await postRaw(service, '/token', JSON.stringify(form), 'application/json')
  t.equal(summary(json), '200')
})

attack(49, 'an empty value is an omitted one, an unknown parameter is ignored', async (t) => {
  const service = await createTestService(t)
  const { forms } = await formsOf(service)
  for (const [grant, form] of Object.entries(forms)) {
    const { scope, resource, ...needed } = form
    const more = { ...needed, scope: '', audience: 'x', unknown: 'y', state: 'z', empty: '' }
    const answer = await service.post('/token', more)
    t.equal(summary(answer), '200', grant)
    t.equal(answer.json<Tokens>().scope, 'orders:read orders:write', grant)
  }
})

attack(50, 'a scope that is unknown, not allowed or no scope', async (t) => {
  const service = await createTestService(t)
  const { forms } = await formsOf(service)
  const thousand = Array.from({ length: 1000 }, (_, n) => `s${n}`).join(' ')
  const cases = {
    unknown: ['unknown', 'scope_not_allowed'],
    'more than allowed': ['orders:read sessions:start', 'scope_not_allowed'],
    'another case': ['Orders:Read', 'scope_not_allowed'],
    ...Object.fromEntries(
      ['"', '\\', '\r', '\n', '\t', '\u007f', 'é', '\u200b', '漢'].map((character) => [
        JSON.stringify(character),
        [`orders:read${character}`, 'scope_malformed'],
      ]),
    ),
    'a thousand': [thousand, 'scope_malformed'],
  }
  await unchanged(t, service, 'none of them', async () => {
    for (const [grant, form] of Object.entries(forms)) {
      for (const [what, [scope = '', reason]] of Object.entries(cases)) {
        const answer = await service.post('/token', { ...form, scope })
        t.equal(summary(answer), `400 invalid_scope ${reason}`, `${grant}: ${what}`)
      }
    }
  })
  const nul = await service.post('/token', { ...forms.password, scope: 'orders:read\0' })
  t.equal(summary(nul), '400 invalid_request parameter_invalid')
})

attack(51, 'scopes are a set: told in one order, and all when none is named', async (t) => {
  const service = await createTestService(t)
  const { forms } = await formsOf(service)
  const scopeOf = async (scope: string) =>
    (await service.post('/token', { ...forms.client_credentials, scope })).json<Tokens>().scope
  t.equal(await scopeOf('orders:write orders:read orders:read'), 'orders:read orders:write')
  t.equal(await scopeOf(''), 'orders:read orders:write')
  t.equal(await scopeOf('orders:read'), 'orders:read')
})

attack(52, 'a resource that is no audience of the client', async (t) => {
  const service = await createTestService(t)
  const { forms } = await formsOf(service)
  for (const [grant, form] of Object.entries(forms)) {
    for (const resource of [
      'https://unknown.example',
      `${ORDERS}/`,
      `${ORDERS}#fragment`,
      ORDERS.toUpperCase(),
      '/orders',
      'orders',
      'javascript:alert(1)',
    ]) {
      const answer = await unchanged(t, service, resource, () =>
        service.post('/token', { ...form, resource }),
      )
      t.equal(summary(answer), '400 invalid_target resource_not_allowed', `${grant}: ${resource}`)
    }
  }
  const two = `${encode(forms.client_credentials ?? {})}&${encode({ resource: ISSUER })}`
  const { access_token } = (await postRaw(service, '/token', two)).json<Tokens>()
  t.strictSame(claimsOf(access_token).aud, [ORDERS, ISSUER], 'two that are allowed are both meant')
})

attack(53, 'a client that speaks for itself gets nothing to refresh, and is no user', async (t) => {
  const service = await createTestService(t)
  const { forms, machine } = await formsOf(service)
  const tokens = (await service.post('/token', forms.client_credentials ?? {})).json<Tokens>()
  t.notOk('refresh_token' in tokens)
  t.match(claimsOf(tokens.access_token), { sub: machine.clientId, client_id: machine.clientId })
  const backend = await service.addBackend()
  const frontend = await service.addClient()
  const asUser = await unchanged(t, service, 'a user called like a client', () =>
    service.inject({
      method: 'POST',
      url: '/sessions',
      headers: backend.basic,
      payload: { sub: machine.clientId, client_id: frontend.clientId },
    }),
  )
  t.equal(summary(asUser), '400 invalid_request parameter_invalid')
})

attack(55, 'what is answered with tokens is exact, and kept by nobody', async (t) => {
  const service = await createTestService(t)
  const { forms } = await formsOf(service)
  for (const [grant, form] of Object.entries(forms)) {
    const answer = await service.post('/token', form)
    const tokens = answer.json<Tokens>()
    const { exp, iat } = claimsOf(tokens.access_token) as { exp: number; iat: number }
    t.equal(tokens.expires_in, exp - iat, grant)
    t.equal(tokens.token_type, 'Bearer', grant)
    t.match(answer.headers, { 'cache-control': 'no-store', pragma: 'no-cache' }, grant)
    t.equal(answer.headers['set-cookie'], undefined, grant)
  }
})

attack(56, '1,000 tokens: every one is its own, and none can be guessed', async (t) => {
  const service = await createTestService(t)
  const { forms } = await formsOf(service)
  const { refreshTokens } = service.parts
  const values = Array.from({ length: 1000 }, () => refreshTokens.draw().value)
  t.equal(new Set(values).size, 1000)
  const ones = new Array<number>(128).fill(0)
  for (const value of values) {
    const [, text = '', checksum] = /^mm_rt_(.{51})(.{6})$/.exec(value) ?? []
    t.equal(checksum, base62(crc32(`mm_rt_${text}`)))
    const handle = decodeBase64url(text)?.subarray(2, 18) ?? Buffer.alloc(0)
    for (let bit = 0; bit < 128; bit += 1) {
      ones[bit] = (ones[bit] ?? 0) + (((handle[bit >> 3] ?? 0) >> (bit & 7)) & 1)
    }
  }
  // Six standard deviations of 1,000 coins: no bit of the 128 is fixed, or bound to lean.
  t.ok(ones.every((count) => Math.abs(count - 500) < 95))
  const ids: unknown[] = []
  while (ids.length < 1000) {
    const ask = () => service.post('/token', forms.client_credentials ?? {})
    const answers = await Promise.all(Array.from({ length: 50 }, ask))
    ids.push(...answers.map((answer) => claimsOf(answer.json<Tokens>().access_token).jti))
  }
  t.equal(new Set(ids).size, 1000)
})
