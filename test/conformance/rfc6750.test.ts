import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
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

/** A good access token, what it is made of, and the key to make others like it. */
async function start(t: Test, options?: ServiceOptions) {
  const service = await createTestService(t, options)
  const { tokens, client, sub } = await service.logIn()
  const token = tokens.access_token
  const { kid, privateKey } = await readPrivateKey(service, 'ES256')
  const header = { alg: 'ES256', typ: 'at+jwt', kid }
  const claims = claimsOf(token)
  const [headerText = '', payloadText = '', signature = ''] = token.split('.')
  const text = { header: headerText, payload: payloadText, signature }
  return { service, tokens, client, sub, token, kid, privateKey, header, claims, text }
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

t.test('what nobody signed with our key is refused', async (t) => {
  const { service, token, header, claims, kid, text, privateKey } = await start(t)
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const strange = stranger.publicKey.export({ format: 'jwk' })
  const pem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string
  const jwks = service.parts.keyRing.jwks()?.body ?? ''
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const hmac = (secret: string, more: object = {}) => {
    const input = `${encode({ ...header, alg: 'HS256', ...more })}.${encode(claims)}`
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  }
  const input = `${text.header}.${text.payload}`
  const der = sign('sha256', Buffer.from(input), privateKey).toString('base64url')
  const rsa = await readPrivateKey(service, 'RS256')
  const other = (await service.logIn()).tokens.access_token
  const flipped = Buffer.from(text.signature, 'base64url')
  flipped[0] = (flipped[0] as number) ^ 1
  for (const [what, forged] of Object.entries({
    'alg none, nothing signed': `${encode({ ...header, alg: 'none' })}.${text.payload}.`,
    'alg none, with a signature': `${encode({ ...header, alg: 'none' })}.${text.payload}.AAAA`,
    'alg nOnE': `${encode({ ...header, alg: 'nOnE' })}.${text.payload}.${text.signature}`,
    'HS256 under the public PEM': hmac(pem),
    'HS256 under the trimmed PEM': hmac(pem.trim()),
    'HS256 under the JWKS': hmac(jwks),
    'HS256 under nothing, unknown kid': hmac('', { kid: 'unknown' }),
    'a key of somebody else': forge(header, claims, stranger.privateKey),
    'a stranger’s kid': forge({ ...header, kid: 'unknown' }, claims, stranger.privateKey),
    'the RSA key under the EC kid': forge({ ...header, alg: 'RS256' }, claims, rsa.privateKey),
    'the EC key under the RSA kid': forge({ ...header, kid: rsa.kid }, claims, privateKey),
    'one bit of the signature': `${input}.${flipped.toString('base64url')}`,
    'the signature of another token': `${input}.${other.split('.')[2]}`,
    'a signature of zeros': `${input}.${Buffer.alloc(64).toString('base64url')}`,
    'a signature in DER': `${input}.${der}`,
    'a changed claim': `${text.header}.${encode({ ...claims, sub: 'admin' })}.${text.signature}`,
  })) {
    await refuse(t, service, forged, what)
  }
  for (const more of [
    { jwk: strange },
    { jku: 'https://evil.example/jwks.json' },
    { x5u: 'https://evil.example/x.pem' },
    { x5c: ['MIIB'] },
    { crit: ['exp'] },
    { crit: [], b64: false },
    { zip: 'DEF' },
    { cty: 'JWT' },
  ]) {
    const what = `header ${Object.keys(more).join()}`
    await refuse(t, service, forge({ ...header, ...more }, claims, stranger.privateKey), what)
    const ours = forge({ ...header, ...more }, claims, privateKey)
    await refuse(t, service, ours, `${what}, even under our key`, 'token_malformed')
  }
  for (const odd of ['../../dev/null', "' or 1=1--", '\0', '__proto__', '', 1, ['x'], null]) {
    const what = `kid ${JSON.stringify(odd)}`
    await refuse(t, service, forge({ ...header, kid: odd }, claims, privateKey), what)
  }
  t.equal((await me(service, bearer(forge(header, claims, privateKey)))).statusCode, 200, kid)
  t.equal((await me(service, bearer(token))).statusCode, 200)
})

t.test('what our key signed is refused unless it is an access token for us', async (t) => {
  const { service, header, claims, privateKey } = await start(t)
  const { exp, ...lasting } = claims
  const { typ, ...untyped } = header
  const { kid, ...unnamed } = header
  const json = JSON.stringify(claims)
  for (const [what, forged] of Object.entries({
    'no typ': [untyped, claims],
    ...Object.fromEntries(
      [
        ...['id_token', 'dpop+jwt', 'logout+jwt', 'client-authentication+jwt'],
        ...['token-introspection+jwt', 'jwt', 'AT+JWT', 'application/at+jwt', '', null],
      ].map((odd) => [`typ ${odd}`, [{ ...header, typ: odd }, claims]]),
    ),
    // An ID token says whom it is for in the same claims, and has not all of an access token.
    'typ JWT without client_id': [
      { ...header, typ: 'JWT' },
      { ...claims, client_id: undefined },
    ],
    'typ JWT without jti': [
      { ...header, typ: 'JWT' },
      { ...claims, jti: undefined },
    ],
    'no kid': [unnamed, claims],
    'another member twice': [header, json.replace('{', '{"sub":"admin",')],
    'a header member twice': [JSON.stringify(header).replace('{', '{"alg":"none",'), claims],
    'white space in the payload': [header, json.replace('{', '{ ')],
    'a byte order mark': [header, `\ufeff${json}`],
    'a payload that is a list': [header, '[]'],
    'no exp': [header, lasting],
    ...Object.fromEntries(
      ['1e400', '-1', '0', '9007199254740993', '4102444800.5', '"4102444800"', 'null'].map(
        (odd) => [`exp ${odd}`, [header, json.replace(`"exp":${exp}`, `"exp":${odd}`)]],
      ),
    ),
    ...Object.fromEntries(
      [
        { aud: ORDERS },
        { aud: [] },
        { aud: [[ISSUER]] },
        { aud: { 0: ISSUER } },
        { aud: `${ISSUER}/` },
        { aud: ISSUER.toUpperCase() },
        { aud: undefined },
        { iss: 'https://staging.example' },
        { iss: `${ISSUER}/` },
        { iss: [ISSUER] },
        { iss: undefined },
        { sub: '' },
        { sub: 1 },
        { sub: undefined },
        { jti: undefined },
        { client_id: undefined },
        { iat: undefined },
      ].map((odd) => [JSON.stringify(odd), [header, { ...claims, ...odd }]]),
    ),
  } as Record<string, [object | string, object | string]>)) {
    await refuse(t, service, forge(...forged, privateKey), what)
  }
})

t.test('a token is good until the second in which it expires', async (t) => {
  const { service, token, tokens } = await start(t)
  service.clock.advance(tokens.expires_in - 1)
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
