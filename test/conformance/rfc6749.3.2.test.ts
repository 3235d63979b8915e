import t from 'tap'
import { countRows, postRaw, summary } from '../support/answer.ts'
import { query } from '../support/database.ts'
import { createTestService, ISSUER, ORDERS, type TestService } from '../support/service.ts'

/** A good request of every grant, authenticated in the body so that all of it is parameters. */
async function fullForms(service: TestService) {
  const client = await service.addClient({
    authenticationMethod: 'client_secret_post',
    grantTypes: ['client_credentials', 'password', 'refresh_token'],
  })
  const { username, password } = await service.addUser()
  const { clientId: client_id, secret: client_secret = '' } = client
  const credentials = { client_id, client_secret }
  const common = { ...credentials, scope: 'orders:read', resource: ORDERS }
  const login = { grant_type: 'password', username, password, ...credentials }
  const { refresh_token } = (await service.post('/token', login)).json()
  const forms: Record<string, Record<string, string>> = {
    client_credentials: { grant_type: 'client_credentials', ...common },
    password: { grant_type: 'password', username, password, ...common },
    refresh_token: { grant_type: 'refresh_token', refresh_token, ...common },
  }
  return { forms, client, refresh_token: refresh_token as string }
}

const encode = (form: Record<string, string>) => new URLSearchParams(form).toString()
const state = async (service: TestService) => [
  await query(service.databaseUrl, 'select * from sessions order by id'),
  await countRows(service, 'events'),
]

t.test('a repeated parameter is refused, on every grant, and changes nothing', async (t) => {
  const service = await createTestService(t)
  const { forms } = await fullForms(service)
  const before = await state(service)
  for (const [grant, form] of Object.entries(forms)) {
    for (const name of Object.keys(form).filter((name) => name !== 'resource')) {
      for (const [what, again] of [
        ['again', encode({ [name]: form[name] as string })],
        ['again, empty', `${name}=`],
        ['again, without =', name],
        ['again, spelled otherwise', `%${name.charCodeAt(0).toString(16)}${name.slice(1)}=x`],
      ]) {
        const answer = await postRaw(service, '/token', `${encode(form)}&${again}`)
        const refused = '400 invalid_request parameter_repeated'
        t.equal(summary(answer), refused, `${grant}: ${name} ${what}`)
        t.match(answer.json().error_description, name)
      }
      const before = await postRaw(service, '/token', `${name}=&${encode(form)}`)
      t.equal(
        summary(before),
        '400 invalid_request parameter_repeated',
        `${grant}: ${name} empty before`,
      )
    }
  }
  t.strictSame(await state(service), before)
})

t.test('a repeated member of a JSON body is refused as well', async (t) => {
  const service = await createTestService(t)
  const { forms } = await fullForms(service)
  const before = await state(service)
  for (const [grant, form] of Object.entries(forms)) {
    const body = JSON.stringify(form)
    for (const name of ['grant_type', 'client_id', 'scope']) {
      const again = `${JSON.stringify(name)}:${JSON.stringify(form[name])}`
      const answer = await postRaw(
        service,
        '/token',
        `${body.slice(0, -1)},${again}}`,
        'application/json',
      )
      t.match(summary(answer), /^400 invalid_request /, `${grant}: ${name}`)
    }
  }
  t.strictSame(await state(service), before)
})

t.test('an empty value is an omitted one', async (t) => {
  const service = await createTestService(t)
  const { forms } = await fullForms(service)
  const required: Record<string, string[]> = {
    client_credentials: ['grant_type'],
    password: ['grant_type', 'username', 'password'],
    refresh_token: ['grant_type', 'refresh_token'],
  }
  for (const [grant, form] of Object.entries(forms)) {
    for (const name of required[grant] ?? []) {
      const { [name]: _, ...without } = form
      const missing = '400 invalid_request parameter_missing'
      t.equal(summary(await service.post('/token', without)), missing, `${grant} without ${name}`)
      const empty = await service.post('/token', { ...form, [name]: '' })
      t.equal(summary(empty), missing, `${grant}, ${name} empty`)
      t.match(empty.json().error_description, name)
    }
    const optional = await service.post('/token', { ...form, scope: '', resource: '' })
    t.equal(summary(optional), '200', `${grant}, scope and resource empty`)
    t.equal(optional.json().scope, 'orders:read orders:write', `${grant}: all of the scope`)
    const blank = await service.post('/token', { ...form, scope: '  ' })
    t.equal(summary(blank), '400 invalid_scope scope_malformed', `${grant}, scope of spaces`)
  }
})

t.test('unknown parameters are ignored', async (t) => {
  const service = await createTestService(t)
  const { forms } = await fullForms(service)
  const more = { nonce: 'x', audience: ISSUER, über: 'é', __proto__x: '1', constructor: 'x' }
  for (const [grant, form] of Object.entries(forms)) {
    t.equal(summary(await service.post('/token', { ...form, ...more })), '200', grant)
  }
  const polluting = `${encode(forms.password ?? {})}&__proto__=x&__proto__[a]=b`
  t.equal(summary(await postRaw(service, '/token', polluting)), '200')
  t.equal(({} as Record<string, unknown>).a, undefined)
})

t.test('a form that is not percent-encoded UTF-8 is refused', async (t) => {
  const service = await createTestService(t)
  const { forms } = await fullForms(service)
  const before = await state(service)
  const good = encode(forms.password ?? {})
  const invalid = '400 invalid_request parameter_invalid'
  const malformed = '400 invalid_request body_malformed'
  for (const [what, more, expected] of [
    ['a stray %', '&x=%', malformed],
    ['no hexadecimal', '&x=%zz', malformed],
    ['in a name', '&%zz=x', malformed],
    ['a byte that is no UTF-8', '&x=%ff', malformed],
    ['an overlong encoding', '&x=%c0%af', malformed],
    ['an encoded surrogate', '&x=%ed%a0%80', malformed],
    ['a raw byte that is no UTF-8', Buffer.from([0x26, 0x78, 0x3d, 0xff]), malformed],
    ['a NUL', '&x=a%00b', invalid],
    ['a NUL in a name', '&x%00=a', invalid],
    ['a raw NUL', '&x=\0', invalid],
    ['a NUL in what is looked up', '&username%00=a', invalid],
    ['101 fields', Array.from({ length: 101 }, (_, index) => `&x${index}=`).join(''), malformed],
  ] as const) {
    const body = Buffer.concat([Buffer.from(good), Buffer.from(more)])
    t.equal(summary(await postRaw(service, '/token', body)), expected, what)
  }
  for (const name of Object.keys(forms.password ?? {})) {
    const answer = await service.post('/token', { ...forms.password, [name]: 'a\0b' })
    t.equal(summary(answer), invalid, `a NUL in ${name}`)
  }
  t.strictSame(await state(service), before)
})

t.test('bodies are forms or JSON, of at most 16 KiB', async (t) => {
  const service = await createTestService(t)
  const { forms } = await fullForms(service)
  const form = forms.client_credentials ?? {}
  const unsupported = '415 invalid_request content_type_unsupported'
  const ofLength = (length: number) => `${encode(form)}&x=`.padEnd(length, 'x')
  for (const [what, payload, type, expected] of [
    ['a form', encode(form), 'application/x-www-form-urlencoded', '200'],
    ['upper case', encode(form), 'Application/X-WWW-Form-URLencoded', '200'],
    ['a charset', encode(form), 'application/x-www-form-urlencoded; charset=UTF-8', '200'],
    ['JSON', JSON.stringify(form), 'application/json', '200'],
    ['JSON with a charset', JSON.stringify(form), 'application/json;charset=utf-8', '200'],
    ['text', encode(form), 'text/plain', unsupported],
    ['multipart', encode(form), 'multipart/form-data; boundary=x', unsupported],
    ['XML', '<x/>', 'application/xml', unsupported],
    ['a JSON of another type', JSON.stringify(form), 'application/ld+json', unsupported],
    ['16 KiB', ofLength(16 * 1024), 'application/x-www-form-urlencoded', '200'],
    [
      '16 KiB and a byte',
      ofLength(16 * 1024 + 1),
      'application/x-www-form-urlencoded',
      '413 invalid_request body_too_large',
    ],
  ] as const) {
    t.equal(summary(await postRaw(service, '/token', payload, type)), expected, what)
  }
  const untyped = await service.inject({ method: 'POST', url: '/token', payload: encode(form) })
  t.equal(summary(untyped), unsupported, 'no media type')
  const nothing = await service.inject({ method: 'POST', url: '/token' })
  t.equal(summary(nothing), '400 invalid_request parameter_missing', 'no body')
})

t.test('a JSON body is an object of strings; resource may be a list', async (t) => {
  const service = await createTestService(t)
  const { forms } = await fullForms(service)
  for (const [grant, form] of Object.entries(forms)) {
    const answer = await postRaw(service, '/token', JSON.stringify(form), 'application/json')
    t.equal(summary(answer), '200', grant)
  }
  const form = forms.client_credentials ?? {}
  const json = (body: unknown) =>
    postRaw(service, '/token', JSON.stringify(body), 'application/json')
  t.equal(summary(await json({ ...form, resource: [ORDERS, ISSUER] })), '200')
  for (const value of [1, null, true, {}, ['orders:read'], 1.5]) {
    const what = JSON.stringify(value)
    const answer = await json({ ...form, scope: value })
    t.equal(summary(answer), '400 invalid_request parameter_invalid', `scope ${what}`)
  }
  for (const body of ['{', '[]', '"x"', 'null', '1', '\ufeff{}', '{}x', Buffer.from([0xff])]) {
    const answer = await postRaw(service, '/token', body, 'application/json')
    t.equal(summary(answer), '400 invalid_request body_malformed', JSON.stringify(body))
  }
  for (const scope of ['"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"']) {
    const body = JSON.stringify({ ...form, scope: 0 }).replace('"scope":0', `"scope":${scope}`)
    const answer = await postRaw(service, '/token', body, 'application/json')
    t.equal(summary(answer), '400 invalid_request parameter_invalid', scope)
  }
})

t.test(
  'credentials in the query are refused, wherever else they are, and not logged',
  async (t) => {
    const service = await createTestService(t)
    const { forms } = await fullForms(service)
    const form = forms.password ?? {}
    for (const path of ['/token', '/refresh', '/logout', '/revoke', '/introspect']) {
      for (const name of ['client_secret', 'password', 'refresh_token', 'access_token', 'token']) {
        const answer = await service.post(`${path}?a=b&${name}=unmistakable-Zq81`, form)
        const refused = '400 invalid_request credentials_in_query'
        t.equal(summary(answer), refused, `${path}?${name}`)
        t.equal(answer.body.includes('unmistakable'), false)
      }
    }
    const { grant_type, username, password, client_id, client_secret } = form
    const query = encode({ grant_type, username, client_id } as Record<string, string>)
    const rest = { password, client_secret } as Record<string, string>
    t.equal(
      summary(await service.post(`/token?${query}`, rest)),
      '400 invalid_request parameter_missing',
      'the query is no second place for parameters',
    )
    t.equal(service.log.join().includes('unmistakable'), false)
    t.equal(service.log.join().includes(username ?? '-'), false, 'no query at all in the log')
  },
)
