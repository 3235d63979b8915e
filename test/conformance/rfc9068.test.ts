import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { operator } from '../../src/cli/operator.ts'
import type { Registration } from '../../src/clients/registration.ts'
import { algorithmNames } from '../../src/jwt/algorithms.ts'
import { sidOf } from '../../src/tokens/token-id.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'
import { claimsOf, countRows, summary } from '../support/answer.ts'
import { createTestDatabase, query } from '../support/database.ts'
import {
  createTestService,
  ISSUER,
  ORDERS,
  type ServiceOptions,
  type Tokens,
} from '../support/service.ts'
import { addSigningKeys } from '../support/signing-keys.ts'

const MACHINE: Partial<Registration> = {
  authenticationMethod: 'client_secret_basic',
  grantTypes: ['client_credentials'],
}

/** A service, and resource servers that verify its tokens with nothing but its JWKS: jose's, and ours. */
async function start(t: Test, options?: ServiceOptions) {
  const service = await createTestService(t, options)
  const jwks = await service.inject({ method: 'GET', url: '/.well-known/jwks.json' })
  const keys = createLocalJWKSet(jwks.json())
  const fetch = (async (url: string) => {
    const { statusCode, body } = await service.inject({ method: 'GET', url: new URL(url).pathname })
    return new Response(body, { status: statusCode })
  }) as typeof globalThis.fetch
  const verify = async (token: string, audience = ORDERS, typ = 'at+jwt') => {
    const clock = () => service.clock.now()
    const verifier = createVerifier({ issuer: ISSUER, audience, typ, clock, fetch })
    t.teardown(() => verifier.close())
    const { claims } = await verifier.verify(token)
    const verified = await jwtVerify(token, keys, {
      issuer: ISSUER,
      audience,
      typ,
      currentDate: new Date(service.clock.now()),
      requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id'],
    })
    t.strictSame(claims, verified.payload, 'ours says the same')
    return verified
  }
  /** A token of a client for itself. */
  const ask = async (registration: Partial<Registration>, form: Record<string, string> = {}) => {
    const client = await service.addClient({ ...MACHINE, ...registration })
    const grant = { grant_type: 'client_credentials', ...form }
    const answer = await service.post('/token', grant, client.basic)
    return { client, answer, token: answer.json<Tokens>().access_token }
  }
  return { service, verify, ask }
}

const algOf = (token: string) => decodeProtectedHeader(token).alg

t.test('2.1: the header says what it is, and by which key', async (t) => {
  const { service, verify } = await start(t)
  const { tokens } = await service.logIn()
  const { protectedHeader } = await verify(tokens.access_token)
  t.strictSame(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ'])
  t.match(protectedHeader, { alg: 'ES256', typ: 'at+jwt' })
})

t.test('2.2: the claims are those of the session, and no more', async (t) => {
  const { service, verify } = await start(t)
  const { tokens, client, sub } = await service.logIn()
  const { payload } = await verify(tokens.access_token)
  const now = Math.floor(service.clock.now() / 1000)
  const [session] = await query(service.databaseUrl, 'select id from sessions')
  const { jti, exp, ...rest } = payload
  t.strictSame(rest, {
    iss: ISSUER,
    sub,
    aud: [ORDERS, ISSUER],
    iat: now - 1,
    client_id: client.clientId,
    scope: 'orders:read orders:write',
    sid: session?.id,
    auth_time: now,
    amr: ['pwd'],
  })
  t.equal(exp, now - 1 + tokens.expires_in)
  t.match(jti, /^[A-Za-z0-9_-]{43}$/, 'the session’s id and 128 random bits')
  t.equal(sidOf(jti as string), session?.id, 'so that a jti leads to its session')
  service.clock.advance(60)
  const refreshed = await service.refresh(client, tokens.refresh_token)
  const later = claimsOf(refreshed.json<Tokens>().access_token)
  t.match(later, { sid: session?.id, auth_time: now, iat: now + 59 })
  t.not(later.jti, jti, 'every token has a jti of its own')
})

t.test('roles and custom claims are the user’s; the client’s stand behind them', async (t) => {
  const { service, verify } = await start(t)
  const client = await service.addClient({
    roles: ['robot'],
    claims: { tier: 'of the client', region: 'eu' },
  })
  const { username, password } = await service.addUser({
    roles: ['customer', 'reviewer'],
    claims: { tier: 'gold', address: { city: 'Gießen', lines: ['1', 'ä'] }, flag: false },
  })
  const form = { grant_type: 'password', username, password, client_id: client.clientId }
  const tokens = (await service.post('/token', form)).json<Tokens>()
  const expected = {
    roles: ['customer', 'reviewer'],
    tier: 'gold',
    address: { city: 'Gießen', lines: ['1', 'ä'] },
    flag: false,
    region: 'eu',
  }
  t.match((await verify(tokens.access_token)).payload, expected)
  const refreshed = await service.refresh(client, tokens.refresh_token)
  t.match((await verify(refreshed.json<Tokens>().access_token)).payload, expected)
})

t.test('no custom claim can stand for one of ours', async (t) => {
  const { service } = await start(t)
  for (const name of [
    ...['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'client_id', 'scope', 'sid', 'roles'],
    ...['auth_time', 'acr', 'amr', 'act', 'cnf', '__proto__', ''],
  ]) {
    const claims = JSON.parse(`{"${name}":"x"}`)
    await t.rejects(service.addClient({ claims }), { name: 'InvalidRegistration' }, name)
  }
})

t.test('the default signs, unless the client or the audience asks for another', async (t) => {
  const databaseUrl = await createTestDatabase(t)
  await addSigningKeys(databaseUrl, 'PS256', 'EdDSA', 'ES384')
  const { service, verify, ask } = await start(t, { databaseUrl })
  const legacy = 'https://legacy.example'
  await service.parts.changeAudiences.set(legacy, { signingAlg: 'RS256' }, operator)
  const byDefault = await ask({})
  t.equal(algOf(byDefault.token), 'ES256')
  for (const signingAlg of algorithmNames) {
    const byClient = await ask({ signingAlg })
    t.equal(algOf(byClient.token), signingAlg)
    await verify(byClient.token)
  }
  const audience = [ORDERS, legacy]
  const byAudience = await ask({ audience })
  t.equal(algOf(byAudience.token), 'RS256', 'one of the audiences knows nothing else')
  await verify(byAudience.token, legacy)
  const elsewhere = await ask({ audience }, { resource: ORDERS })
  t.equal(algOf(elsewhere.token), 'ES256', 'a token that is not for it')
  const clientFirst = await ask({ audience, signingAlg: 'ES256' })
  t.equal(algOf(clientFirst.token), 'ES256', 'the client’s choice stands before it')
})

t.test('the first of SIGNING_ALGORITHMS is the default', async (t) => {
  const { ask } = await start(t, { env: { SIGNING_ALGORITHMS: 'RS256,ES256' } })
  t.equal(algOf((await ask({})).token), 'RS256')
  const changed = await start(t, { env: { SIGNING_ALGORITHMS: 'EdDSA' } })
  const early = (await changed.ask({ signingAlg: 'PS256' })).token
  t.equal(algOf(early), 'ES256', 'what has no key yet keeps nobody from a token')
  await changed.verify(early)
})

t.test(
  '8725 3.11: an audience whose verifiers refuse at+jwt gets JWT, which is good here',
  async (t) => {
    const { service, verify, ask } = await start(t)
    const legacy = 'https://legacy.example'
    const { changeAudiences } = service.parts
    await changeAudiences.set(legacy, { typ: 'JWT' }, operator)
    const typOf = (token: string) => decodeProtectedHeader(token).typ
    const audience = [ORDERS, legacy, ISSUER]
    const { token, client } = await ask({ audience, introspects: [legacy] })
    t.equal(typOf(token), 'JWT')
    await verify(token, legacy, 'JWT')
    const plain = await ask({ audience }, { resource: ORDERS })
    t.equal(typOf(plain.token), 'at+jwt', 'a token that is not for it')

    const introspect = async () =>
      (await service.post('/introspect', { token }, client.basic)).json<{ active: boolean }>()
        .active
    t.equal(await introspect(), true)
    const bearer = { authorization: `Bearer ${token}` }
    const me = await service.inject({ method: 'GET', url: '/me', headers: bearer })
    t.equal(summary(me), '200')
    t.equal(summary(await service.post('/revoke', { token }, client.basic)), '200')
    t.equal(await introspect(), false)

    await changeAudiences.set(legacy, { signingAlg: 'RS256' }, operator)
    const both = (await ask({ audience })).token
    t.strictSame([typOf(both), algOf(both)], ['JWT', 'RS256'], 'what was not given has stayed')
    await changeAudiences.set(ORDERS, { typ: 'at+jwt' }, operator)
    t.equal(typOf((await ask({ audience })).token), 'at+jwt', 'the first that asks is heard')
    await changeAudiences.delete(legacy, operator)
    const ordinary = (await ask({ audience: [legacy] })).token
    t.strictSame([typOf(ordinary), algOf(ordinary)], ['at+jwt', 'ES256'])
  },
)

t.test('aud is always a list or always a string, by the client', async (t) => {
  const { ask } = await start(t)
  const one = await ask({ audience: [ORDERS] })
  t.equal(claimsOf(one.token).aud, ORDERS)
  const named = await ask({ audience: [ORDERS] }, { resource: ORDERS })
  t.equal(claimsOf(named.token).aud, ORDERS)
  const two = await ask({})
  t.strictSame(claimsOf(two.token).aud, [ORDERS, ISSUER])
  const narrowed = await ask({}, { resource: ORDERS })
  t.strictSame(claimsOf(narrowed.token).aud, [ORDERS], 'narrowed to one it stays a list')
})

t.test('lifetimes differ by up to 5 %, so that a fleet does not refresh together', async (t) => {
  const { service } = await start(t)
  const client = await service.addClient({ ...MACHINE, accessTokenTtlSeconds: 1000 })
  const form = { grant_type: 'client_credentials' }
  const lifetimes: number[] = []
  for (let count = 0; count < 150; count += 1) {
    lifetimes.push((await service.post('/token', form, client.basic)).json().expires_in)
  }
  t.ok(Math.min(...lifetimes) >= 950, 'never shorter than 95 %')
  t.ok(Math.max(...lifetimes) <= 1000, 'never longer than configured')
  t.ok(Math.max(...lifetimes) - Math.min(...lifetimes) > 30, 'spread over the range')
  t.ok(new Set(lifetimes).size > 30)
})

t.test('a token over 2 KB is made, and logged with whose it is and why', async (t) => {
  const { service, ask } = await start(t)
  const small = await ask({ claims: { note: 'x'.repeat(800) } })
  t.ok(small.token.length < 2048)
  const warnings = () => service.log.filter((line) => line.includes('larger than 2 KB'))
  t.equal(warnings().length, 0)
  const large = await ask({ claims: { note: 'x'.repeat(1500), hint: 'y'.repeat(20) } })
  t.equal(summary(large.answer), '200')
  t.equal(warnings().length, 1)
  const warning = JSON.parse(warnings()[0] ?? '{}')
  t.match(warning, { level: 40, bytes: large.token.length, clientId: large.client.clientId })
  t.match(warning.largest, /^note \(1502 bytes\), /)
  t.equal(warnings().join().includes('xxx'), false, 'by name and size, not by value')
})

t.test('a token over 4 KB is refused, and leaves no session behind', async (t) => {
  const { service, ask } = await start(t)
  const refused = '400 invalid_request access_token_too_large'
  const claims = { note: 'x'.repeat(1990) }
  const roles = Array.from({ length: 50 }, (_, index) => `role-${index}`.padEnd(40, 'x'))
  const machine = await ask({ claims, roles })
  t.equal(summary(machine.answer), refused)
  t.match(machine.answer.json().error_description, /largest claims: roles \(\d+ bytes\), note \(/)

  const client = await service.addClient({ claims })
  const { username, password } = await service.addUser({ claims: { more: 'y'.repeat(1800) } })
  const form = { grant_type: 'password', username, password, client_id: client.clientId }
  const login = await service.post('/token', form)
  t.equal(summary(login), refused)
  t.match(login.json().error_description, 'limit is 4096; largest claims: note (1992 bytes), more')
  t.equal(await countRows(service, 'sessions'), 0)
  t.equal(await countRows(service, 'events'), 0, 'nothing says that one had started')

  const other = await service.addClient()
  const fits = await service.post('/token', { ...form, client_id: other.clientId })
  t.equal(summary(fits), '200', 'the user is fine with another client')
})
