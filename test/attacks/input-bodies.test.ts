import { gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { postRaw, summary } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import { createTestService, type TestService } from '../support/service.ts'
import { unchanged } from '../support/state.ts'

const JSON_TYPE = 'application/json'
const OAUTH_PATHS = ['/token', '/refresh', '/logout', '/revoke', '/introspect']

/** POSTs bodies none of which may change anything; `reasons` are those that may be given. */
async function refuse(
  t: Test,
  service: TestService,
  path: string,
  bodies: Record<string, [type: string, body: string | Buffer]>,
  status: number,
  ...reasons: string[]
) {
  await unchanged(t, service, path, async () => {
    for (const [what, [type, body]] of Object.entries(bodies)) {
      const answer = await postRaw(service, path, body, type)
      t.equal(answer.statusCode, status, `${path}: ${what}`)
      t.ok(reasons.includes(answer.json().reason), `${path}: ${what}: ${answer.json().reason}`)
      t.equal(answer.headers['cache-control'], 'no-store', `${path}: ${what}`)
    }
  })
}

attack(150, 'a body over 16 KiB is 413, in the shape of its path', async (t) => {
  const service = await createTestService(t)
  for (const path of [...OAUTH_PATHS, '/sessions']) {
    const large = { large: [JSON_TYPE, `{"a":"${'a'.repeat(16_400)}"}`] as [string, string] }
    await refuse(t, service, path, large, 413, 'body_too_large')
  }
})

attack(152, 'one media type, in UTF-8, however it is spelled', async (t) => {
  const service = await createTestService(t)
  const form = 'application/x-www-form-urlencoded'
  for (const type of [
    JSON_TYPE.toUpperCase(),
    ` ${JSON_TYPE}`,
    `\t${JSON_TYPE}\t`,
    `${JSON_TYPE};`,
    `${JSON_TYPE} ; charset=UTF-8`,
    `${JSON_TYPE};charset="utf-8"`,
  ]) {
    const answer = await postRaw(service, '/token', '{"grant_type":"x"}', type)
    t.equal(summary(answer), '400 unsupported_grant_type grant_type_unsupported', type)
    const session = await postRaw(service, '/sessions', '{"sub":1}', type)
    t.equal(session.json().reason, 'parameter_invalid', `${type}: the schema applies`)
  }
  for (const type of [
    `${JSON_TYPE}; charset=utf-16`,
    `${JSON_TYPE}; charset=utf-8; charset=utf-16`,
    `${form};charset=ISO-8859-1`,
    `${form}; CharSet="latin1"`,
    `${JSON_TYPE}, text/plain`,
    `${JSON_TYPE}, ${form}`,
    `${JSON_TYPE}x`,
    'text/plain',
    'application',
    '*/*',
  ]) {
    const body = type.startsWith(form) ? 'grant_type=x' : '{"grant_type":"x"}'
    await refuse(t, service, '/token', { [type]: [type, body] }, 415, 'content_type_unsupported')
  }
  const utf16 = Buffer.from('{"grant_type":"x"}', 'utf16le')
  const latin1 = Buffer.from('username=\xe9', 'latin1')
  const lies = { utf16: [JSON_TYPE, utf16], latin1: [form, latin1] } as const
  await refuse(t, service, '/token', lies as never, 400, 'body_malformed')
})

attack(153, 'percent-encoding that is none is refused, in bodies and URLs', async (t) => {
  const service = await createTestService(t)
  const form = 'application/x-www-form-urlencoded'
  for (const bad of ['%zz', '%', '%f', '%ff', '%c0%af', '%ed%a0%80', '%u0041']) {
    const bodies = { value: [form, `username=${bad}`], name: [form, `${bad}=a`] } as const
    await refuse(t, service, '/token', bodies as never, 400, 'body_malformed')
    for (const url of [`/${bad}`, `/sessions/${bad}`, `/me?x=${bad}`, `/token?${bad}=1`]) {
      const answer = await service.inject({ method: 'POST', url })
      const { code, reason } = answer.json()
      t.equal(answer.statusCode, 400, url)
      t.equal(code ?? reason, 'url_malformed', url)
    }
  }
})

const FORM_FIELDS: Record<string, string[]> = {
  '/token': ['grant_type', 'client_id', 'client_secret', 'username', 'password', 'scope'],
  '/refresh': ['refresh_token', 'client_id', 'client_secret', 'scope', 'resource', 'unknown'],
  '/logout': ['refresh_token'],
  '/revoke': ['token', 'token_type_hint', 'client_id', 'client_secret'],
  '/introspect': ['token', 'token_type_hint', 'client_id', 'client_secret'],
}

for (const [number, what, form, json] of [
  [154, 'a NUL', '%00', '\\u0000'],
  [155, 'half a surrogate pair', undefined, '\\ud800'],
] as const) {
  attack(number, `${what} in any field is refused, and never reaches the database`, async (t) => {
    const service = await createTestService(t)
    for (const [path, fields] of Object.entries(FORM_FIELDS)) {
      for (const field of fields) {
        const bodies: Record<string, [string, string]> = {
          [`${field}, JSON`]: [JSON_TYPE, `{"${field}":"a${json}b"}`],
          [`${field}, name`]: [JSON_TYPE, `{"${field}${json}":"a"}`],
        }
        if (form !== undefined) {
          bodies[`${field}, form`] = ['application/x-www-form-urlencoded', `${field}=a${form}b`]
        }
        await refuse(t, service, path, bodies, 400, 'parameter_invalid')
      }
    }
    const backend = await service.addBackend()
    const client = await service.addClient()
    const good = `"sub":"u","client_id":"${client.clientId}"`
    for (const body of [
      `{"sub":"a${json}","client_id":"${client.clientId}"}`,
      `{"sub":"u","client_id":"a${json}"}`,
      ...['scope', 'audience', 'acr'].map((field) => `{${good},"${field}":"a${json}"}`),
      ...['roles', 'amr', 'audience'].map((field) => `{${good},"${field}":["a${json}"]}`),
      ...['user_agent', 'address', 'label'].map((f) => `{${good},"device":{"${f}":"a${json}"}}`),
      `{${good},"claims":{"a":"b${json}"}}`,
      `{${good},"claims":{"a${json}":"b"}}`,
      `{${good},"claims":{"a":{"b":["c${json}"]}}}`,
    ]) {
      const answer = await unchanged(t, service, body, () =>
        service.inject({
          method: 'POST',
          url: '/sessions',
          headers: { ...backend.basic, 'content-type': JSON_TYPE },
          payload: body,
        }),
      )
      t.equal(answer.statusCode, 400, body)
      t.equal(answer.json().reason, 'parameter_invalid', body)
    }
    const half = `a${JSON.parse(`"${json}"`)}`
    const basic = `Basic ${Buffer.from(`${half}:${half}`).toString('base64')}`
    const authenticated = await service.post('/revoke', { token: 'x' }, { authorization: basic })
    t.equal(authenticated.statusCode, 401, 'in Basic')
    if (form !== undefined) {
      const { statusCode } = await service.inject({ method: 'DELETE', url: `/sessions/a${form}` })
      t.equal(statusCode, 400, 'in an id')
    }
  })
}

attack(156, '__proto__ and constructor are refused, or names like any other', async (t) => {
  const service = await createTestService(t)
  const bodies: Record<string, [string, string]> = {
    proto: [JSON_TYPE, '{"__proto__":{"grant_type":"client_credentials"}}'],
    escaped: [JSON_TYPE, '{"\\u005f_proto__":{"grant_type":"client_credentials"}}'],
    'a constructor': [JSON_TYPE, '{"constructor":{"prototype":{"x":"y"}}}'],
    'form, proto': ['application/x-www-form-urlencoded', '__proto__=a&__proto__[x]=y'],
    'form, constructor': ['application/x-www-form-urlencoded', 'constructor.prototype.x=y'],
  }
  const reasons = ['body_malformed', 'parameter_invalid', 'parameter_missing']
  await refuse(t, service, '/token', bodies, 400, ...reasons)
  const query = '?__proto__[x]=y&__proto__=z&constructor.prototype.x=y'
  const answer = await service.inject({
    url: `/livez${query}`,
    headers: { cookie: '__proto__=a; constructor=b' },
  })
  t.equal(answer.statusCode, 200)
  t.equal(({} as { x?: unknown }).x, undefined)
  t.equal(({} as { grant_type?: unknown }).grant_type, undefined)
})

attack(157, 'JSON that two readers would read differently is refused', async (t) => {
  const service = await createTestService(t)
  const bodies: Record<string, [string, string]> = {
    'a member twice': [JSON_TYPE, '{"sub":"a","sub":"b","client_id":"c"}'],
    'a member twice, escaped': [JSON_TYPE, '{"sub":"a","\\u0073ub":"b","client_id":"c"}'],
    'a member twice, below': [JSON_TYPE, '{"sub":"a","claims":{"a":[{"b":1,"b":2}]}}'],
    'a byte order mark': [JSON_TYPE, '\ufeff{"sub":"a","client_id":"c"}'],
    '17 levels': [JSON_TYPE, `${'['.repeat(17)}${']'.repeat(17)}`],
    '17 levels of both': [JSON_TYPE, `${'{"a":['.repeat(8)}{}${']}'.repeat(8)}`],
    '8,000 levels': [JSON_TYPE, `${'['.repeat(8000)}${']'.repeat(8000)}`],
    '2^53 + 1': [JSON_TYPE, '{"auth_time":9007199254740993}'],
    '1e400': [JSON_TYPE, '{"auth_time":1e400}'],
    'no end': [JSON_TYPE, '{"sub":"a"'],
    'a comment': [JSON_TYPE, '{"sub":"a"}//'],
  }
  const reasons = ['body_malformed', 'parameter_repeated']
  for (const path of ['/sessions', '/token']) {
    await refuse(t, service, path, bodies, 400, ...reasons)
  }
})

attack(158, 'values are taken as they are, never made to fit', async (t) => {
  const service = await createTestService(t)
  const bodies: Record<string, [string, string]> = {}
  for (const body of [
    '{"sub":"a","client_id":"c","auth_time":"1"}',
    '{"sub":"a","client_id":"c","auth_time":null}',
    '{"sub":"a","client_id":"c","auth_time":1.5}',
    '{"sub":1,"client_id":"c"}',
    '{"sub":"a","client_id":"c","roles":"admin"}',
    '{"sub":"a","client_id":"c","unknown":1}',
    '{"sub":"a","client_id":"c","device":{"unknown":1}}',
  ]) {
    bodies[body] = [JSON_TYPE, body]
  }
  await refuse(t, service, '/sessions', bodies, 400, 'parameter_invalid')
  const numbers: Record<string, [string, string]> = {
    number: [JSON_TYPE, '{"grant_type":1}'],
    null: [JSON_TYPE, '{"grant_type":null}'],
    list: [JSON_TYPE, '{"grant_type":["password"]}'],
  }
  await refuse(t, service, '/token', numbers, 400, 'parameter_invalid')
})

attack(159, 'a thousand fields and a compressed body are refused', async (t) => {
  const service = await createTestService(t)
  const fields = Array.from({ length: 1001 }, (_, n) => `f${n}=a`).join('&')
  const many: Record<string, [string, string]> = {
    fields: ['application/x-www-form-urlencoded', fields],
  }
  await refuse(t, service, '/token', many, 400, 'body_malformed')
  const headers = { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' }
  const bomb = gzipSync(Buffer.alloc(10_000_000))
  for (const url of [...OAUTH_PATHS, '/sessions']) {
    const answer = await service.inject({ method: 'POST', url, headers, payload: bomb })
    t.equal(answer.statusCode, 415, url)
    t.equal(answer.json().reason, 'content_encoding_unsupported', url)
  }
})
