import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { noOrigin } from '../../src/audit/event.ts'
import { claimsOf } from '../support/answer.ts'
import { forge, readPrivateKey } from '../support/forge.ts'
import { createGatedDatabase } from '../support/outage.ts'
import {
  createTestService,
  ISSUER,
  ORDERS,
  type ServiceOptions,
  type TestService,
} from '../support/service.ts'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const me = (service: TestService, headers: Record<string, string> = {}, url = '/me') =>
  service.inject({ method: 'GET', url, headers })

/** A good access token, and what it is made of. */
async function start(t: Test, options?: ServiceOptions) {
  const service = await createTestService(t, options)
  const { tokens, client, sub } = await service.logIn()
  const token = tokens.access_token
  const claims = claimsOf(token)
  const [headerText = '', payloadText = '', signature = ''] = token.split('.')
  const text = { header: headerText, payload: payloadText, signature }
  return { service, tokens, client, sub, token, claims, text }
}

/** Expects 401 with the challenge of an invalid token, and nothing about why that a thief could use. */
async function refuse(t: Test, service: TestService, token: string, what: string, code?: string) {
  const answer = await me(service, bearer(token))
  t.equal(answer.statusCode, 401, what)
  t.match(answer.headers['content-type'], /^application\/problem\+json\b/, what)
  t.match(answer.headers['www-authenticate'], /^Bearer realm="mintmark", error="invalid_token"/)
  if (code !== undefined) t.equal(answer.json().code, code, what)
}

t.test('a good token is let in and answered with whom it speaks for', async (t) => {
  const { service, client, sub, token, claims } = await start(t)
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    const answer = await me(service, { authorization: `${scheme} ${token}` })
    t.equal(answer.statusCode, 200, scheme)
    t.equal(answer.headers['cache-control'], 'no-store')
    t.strictSame(answer.json(), {
      sub,
      client_id: client.clientId,
      scope: 'orders:read orders:write',
      roles: [],
      sid: claims.sid,
      auth_time: claims.auth_time,
      amr: ['pwd'],
      expires_at: claims.exp,
    })
  }
})

t.test('3.1: without a token there is a challenge and no error code', async (t) => {
  const { service, token } = await start(t)
  const { basic } = await service.addClient({ authenticationMethod: 'client_secret_basic' })
  for (const [what, headers, url] of [
    ['no header', {}, '/me'],
    ['another scheme', basic, '/me'],
    ['the token alone', { authorization: token }, '/me'],
    ['the token in the query only', {}, `/me?access_token=${token}`],
  ] as const) {
    const answer = await me(service, headers, url)
    t.equal(answer.statusCode, 401, what)
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="mintmark"', what)
    t.equal(answer.json().code, 'token_missing', what)
  }
  const queried = await me(service, bearer(token), '/me?access_token=x')
  t.equal(queried.statusCode, 400, 'one method a request (section 2)')
  t.equal(queried.json().code, 'token_repeated')
  const spaced = await me(service, { authorization: `Bearer   ${token}` })
  t.equal(spaced.statusCode, 200, 'one space or more (section 2.1)')
  t.equal(service.log.join().includes(token), false, 'and not logged')
})

t.test('what is no JWT of this form is refused unread', async (t) => {
  const { service, tokens, token, text } = await start(t)
  const { header, payload, signature } = text
  const lastOf = (segment: string, shift: number) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const other = alphabet[alphabet.indexOf(segment.slice(-1)) + shift]
    return `${segment.slice(0, -1)}${other}`
  }
  for (const [what, other] of Object.entries({
    'one word': 'abc',
    'two segments': `${header}.${payload}`,
    'no signature': `${header}.${payload}.`,
    'four segments': `${token}.${signature}`,
    'five segments, as of a JWE': 'a.b.c.d.e',
    dots: '..',
    'a refresh token': tokens.refresh_token,
    'padded base64url': `${token}==`,
    'unused bits in the signature': `${header}.${payload}.${lastOf(signature, 1)}`,
    'more than 8 KB': `${header}.${'A'.repeat(8192)}.${signature}`,
    'a header that is no JSON': `AAAA.${payload}.${signature}`,
    'a header that is a list': `W10.${payload}.${signature}`,
  })) {
    await refuse(t, service, other, what, 'token_malformed')
  }
  for (const [what, value] of Object.entries({
    'nothing after the scheme': 'Bearer',
    'a space in it': `Bearer ${header}. ${payload}.${signature}`,
    'a comma': `Bearer ${token}, Bearer ${token}`,
    'quotes around it': `Bearer "${token}"`,
    'a tab': `Bearer\t${token}`,
  })) {
    const answer = await me(service, { authorization: value })
    t.equal(answer.statusCode, 401, what)
  }
})

t.test('a token is good until the second in which it expires', async (t) => {
  const { service, token, claims } = await start(t)
  service.clock.advance(Number(claims.exp) - service.clock.now() / 1000 - 1)
  t.equal((await me(service, bearer(token))).statusCode, 200, 'one second before')
  service.clock.advance(1)
  await refuse(t, service, token, 'at its end', 'token_expired')
})

t.test('a token whose session has ended, or that was revoked, is refused', async (t) => {
  const { service, token, claims } = await start(t)
  const end = { by: 'operator', origin: noOrigin }
  await service.parts.endSessions.end({ sid: claims.sid as string }, 'ended_by_operator', end)
  await refuse(t, service, token, 'of an ended session', 'token_revoked')

  const client = await service.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials'],
  })
  const form = { grant_type: 'client_credentials' }
  const [one, two] = await Promise.all([
    service.post('/token', form, client.basic),
    service.post('/token', form, client.basic),
  ])
  const [revoked, other] = [one.json().access_token, two.json().access_token]
  await service.post('/revoke', { token: revoked }, client.basic)
  await refuse(t, service, revoked, 'revoked by itself', 'token_revoked')
  t.equal((await me(service, bearer(other))).statusCode, 200, 'no other is')
})

t.test('a database that is away is 503 for a good token, and never 401', async (t) => {
  const gate = await createGatedDatabase(t)
  const { service, token, text } = await start(t, { databaseUrl: gate.url })
  await gate.shut()
  const answer = await me(service, bearer(token))
  t.equal(answer.statusCode, 503)
  t.match(answer.json(), { status: 503, code: 'database_unavailable' })
  t.match(answer.headers['retry-after'], /^[1-9]/)
  t.notOk('www-authenticate' in answer.headers)
  const forged = `${text.header}.${text.payload}.${Buffer.alloc(64, 1).toString('base64url')}`
  await refuse(t, service, forged, 'a forged one is refused without the database')
  await gate.open()
  t.equal((await me(service, bearer(token))).statusCode, 200)
})

t.test('two Authorization headers are one too many', async (t) => {
  const { service, token } = await start(t)
  await service.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = service.app.server.address() as AddressInfo
  const ask = async (...values: string[]) => {
    const headers = ['Host', 'localhost', ...values.flatMap((value) => ['Authorization', value])]
    const sent = request({ host: '127.0.0.1', port, path: '/me', headers }).end()
    const [response] = await once(sent, 'response')
    response.resume()
    return response.statusCode as number
  }
  t.equal(await ask(`Bearer ${token}`), 200)
  t.equal(await ask(`Bearer ${token}`, 'Bearer x'), 400)
  t.equal(await ask('Bearer x', `Bearer ${token}`), 400)
  t.equal(await ask(`Bearer ${token}`, `Bearer ${token}`), 400)
})

t.test(
  'a gateway learns whether a token is good for its audience, without a database',
  async (t) => {
    const gate = await createGatedDatabase(t)
    const started = await start(t, { databaseUrl: gate.url })
    const { service, client, sub, token, claims } = started
    const { kid, privateKey } = await readPrivateKey(service, 'ES256')
    const header = { alg: 'ES256', typ: 'at+jwt', kid }
    const backend = await service.addBackend()
    const { clientId: client_id } = client
    const named = { sub: 'Zoë 100% "|"', client_id, scope: 'orders:read' }
    const json = { 'content-type': 'application/json', ...backend.basic }
    const payload = JSON.stringify(named)
    const theirs = await service.inject({
      method: 'POST',
      url: '/sessions',
      headers: json,
      payload,
    })
    await gate.shut()
    const ask = (authorization?: string, query: Record<string, string> = {}, more = {}) => {
      const url = `/forward-auth?${new URLSearchParams({ audience: ORDERS, ...query })}`
      const headers = { ...(authorization !== undefined && { authorization }), ...more }
      return service.inject({ method: 'GET', url, headers })
    }
    const good = `Bearer ${token}`
    // What browsers send reaches a gateway, and perhaps us.
    const accept = { accept: 'image/png', origin: 'https://other.example' }
    for (const query of [{}, { audience: ISSUER }, { scope: 'orders:write' }]) {
      const answer = await ask(good, query, accept)
      t.equal(answer.statusCode, 200, JSON.stringify(query))
      t.equal(answer.body, '')
      t.equal(answer.headers['x-auth-subject'], sub)
      t.equal(answer.headers['x-auth-client'], client.clientId)
      t.equal(answer.headers['x-auth-scope'], 'orders:read orders:write')
      t.equal(answer.headers['cache-control'], 'no-store')
    }
    const other = await ask(`Bearer ${theirs.json().access_token}`)
    t.equal(other.headers['x-auth-subject'], 'Zo%C3%AB 100%25 "|"', 'whatever they are called')

    const missing = await ask()
    t.equal(missing.statusCode, 401)
    t.equal(missing.headers['www-authenticate'], 'Bearer realm="mintmark"')
    const sign = (change: object, key = privateKey, head = {}) =>
      `Bearer ${forge({ ...header, ...head }, { ...claims, ...change }, key)}`
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const hostile: [string, string, string][] = [
      ['for another audience', sign({ aud: 'https://other.example' }), 'token_invalid'],
      ['for the beginning of it', sign({ aud: [`${ORDERS}/more`] }), 'token_invalid'],
      ['of another issuer', sign({ iss: 'https://evil.example' }), 'token_invalid'],
      ['without exp', sign({ exp: undefined }), 'token_invalid'],
      ['expired', sign({ exp: Math.floor(service.clock.now() / 1000) }), 'token_expired'],
      ['signed by a stranger', sign({}, stranger), 'token_invalid'],
      ['of an unknown key', sign({}, stranger, { kid: 'other' }), 'token_invalid'],
      ['of another kind', sign({}, privateKey, { typ: 'dpop+jwt' }), 'token_malformed'],
      ['cut off', good.slice(0, -1), 'token_malformed'],
    ]
    for (const [what, authorization, code] of hostile) {
      const answer = await ask(authorization)
      t.equal(answer.statusCode, 401, what)
      t.equal(answer.json().code, code, what)
      t.match(answer.headers['www-authenticate'], /^Bearer .*error="invalid_token"/, what)
      t.equal(answer.headers['x-auth-subject'], undefined, what)
    }
    const narrow = await ask(good, { scope: 'orders:delete' })
    t.equal(narrow.statusCode, 403)
    t.match(narrow.headers['www-authenticate'], /error="insufficient_scope".*scope="orders:delete"/)
    for (const query of [
      '',
      '?audience=',
      `?audience=${ORDERS}&scopes=x`,
      '?audience=a&audience=b',
    ]) {
      const url = `/forward-auth${query}`
      const answer = await service.inject({ method: 'GET', url, headers: { authorization: good } })
      t.equal(answer.statusCode, 400, `a gateway that is set up wrongly: ${query}`)
    }
    service.clock.advance(3_600_000)
    t.equal((await ask(good)).json().code, 'token_expired')
  },
)
