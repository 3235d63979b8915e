import t from 'tap'
import type { Registration } from '../../src/clients/registration.ts'
import { claimsOf, countRows, summary } from '../support/answer.ts'
import { createTestService, ISSUER, ORDERS, type Tokens } from '../support/service.ts'

const SERVICE: Partial<Registration> = {
  authenticationMethod: 'client_secret_basic',
  grantTypes: ['client_credentials'],
}
const FORM = { grant_type: 'client_credentials' }

t.test('a client that speaks for itself gets an access token and nothing to refresh', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient({
    ...SERVICE,
    grantTypes: ['client_credentials', 'refresh_token', 'password'],
    roles: ['shipping', 'billing'],
    claims: { region: 'eu', limits: { orders: 5 } },
  })
  const answer = await service.post('/token', FORM, client.basic)
  t.equal(summary(answer), '200')
  t.strictSame(
    Object.keys(answer.json()).sort(),
    ['access_token', 'expires_in', 'scope', 'token_type'],
    'never a refresh token, even for a client that has the grant',
  )
  const claims = claimsOf(answer.json<Tokens>().access_token)
  const { clientId } = client
  t.match(claims, {
    sub: clientId,
    client_id: clientId,
    roles: ['shipping', 'billing'],
    region: 'eu',
    limits: { orders: 5 },
    aud: [ORDERS, ISSUER],
  })
  for (const name of ['sid', 'auth_time', 'amr', 'acr']) {
    t.notOk(name in claims, `nobody logged in: no ${name}`)
  }
  t.equal(await countRows(service, 'sessions'), 0, 'no session')
})

t.test('a client without roles has no roles claim', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient(SERVICE)
  const answer = await service.post('/token', FORM, client.basic)
  t.notOk('roles' in claimsOf(answer.json<Tokens>().access_token))
})

t.test('scope is what was asked for, and all of the client by default', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient({ ...SERVICE, scope: ['b', 'a', 'c:d/e.f'] })
  const scopeless = await service.addClient({ ...SERVICE, scope: [] })
  const ask = (form: Record<string, string>, { basic } = client) =>
    service.post('/token', { ...FORM, ...form }, basic)
  for (const [what, scope, granted] of [
    ['none named', undefined, 'a b c:d/e.f'],
    ['empty', '', 'a b c:d/e.f'],
    ['one', 'b', 'b'],
    ['any order, repeated, spaces between', ' b  a a ', 'a b'],
  ] as const) {
    const answer = await ask(scope === undefined ? {} : { scope })
    t.equal(summary(answer), '200', what)
    t.equal(answer.json().scope, granted, what)
    t.equal(claimsOf(answer.json().access_token).scope, granted, `${what}: in the token too`)
  }
  for (const [scope, reason] of [
    ['a d', 'scope_not_allowed'],
    ['A', 'scope_not_allowed'],
    ['a\tb', 'scope_malformed'],
    ['a\nb', 'scope_malformed'],
    ['a"', 'scope_malformed'],
    ['a\\', 'scope_malformed'],
    ['ä', 'scope_malformed'],
    ['a\u00a0b', 'scope_malformed'],
    ['x'.repeat(129), 'scope_malformed'],
    [Array.from({ length: 1000 }, (_, index) => `s${index}`).join(' '), 'scope_malformed'],
  ] as const) {
    t.equal(summary(await ask({ scope })), `400 invalid_scope ${reason}`, scope.slice(0, 10))
  }
  const none = await ask({}, scopeless)
  t.equal(none.json().scope, '')
  t.notOk('scope' in claimsOf(none.json().access_token), 'an empty scope is no claim')
  t.equal(summary(await ask({ scope: 'a' }, scopeless)), '400 invalid_scope scope_not_allowed')
})

t.test('resource chooses among the audiences of the client', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient(SERVICE)
  const ask = (body: string) =>
    service.inject({
      method: 'POST',
      url: '/token',
      headers: { ...client.basic, 'content-type': 'application/x-www-form-urlencoded' },
      payload: `grant_type=client_credentials${body}`,
    })
  const resource = (...uris: string[]) =>
    uris.map((uri) => `&resource=${encodeURIComponent(uri)}`).join('')
  for (const [what, body, aud] of [
    ['none named', '', [ORDERS, ISSUER]],
    ['one', resource(ORDERS), [ORDERS]],
    ['both', resource(ISSUER, ORDERS), [ORDERS, ISSUER]],
    ['one twice', resource(ORDERS, ORDERS), [ORDERS]],
    ['an empty one', '&resource=', [ORDERS, ISSUER]],
  ] as const) {
    const answer = await ask(body)
    t.equal(summary(answer), '200', what)
    t.strictSame(claimsOf(answer.json().access_token).aud, aud, what)
  }
  for (const uri of [
    'https://elsewhere.example',
    `${ORDERS}/`,
    `${ORDERS}#x`,
    ORDERS.toUpperCase(),
    'orders',
    'é',
  ]) {
    const refused = '400 invalid_target resource_not_allowed'
    t.equal(summary(await ask(resource(uri))), refused, uri)
    t.equal(summary(await ask(resource(ORDERS, uri))), refused, `${uri} beside a good one`)
  }
})

t.test('public clients are refused, and so are clients without the grant', async (t) => {
  const service = await createTestService(t)
  const { clientId: client_id } = await service.addClient()
  const refused = '400 unauthorized_client grant_not_allowed'
  t.equal(summary(await service.post('/token', { ...FORM, client_id })), refused)
  const other = await service.addClient({ ...SERVICE, grantTypes: ['password'] })
  t.equal(summary(await service.post('/token', FORM, other.basic)), refused)
  await t.rejects(
    service.addClient({ grantTypes: ['client_credentials'] }),
    { name: 'InvalidRegistration' },
    'nor can a public client be registered for it',
  )
  await service.parts.database.kysely
    .updateTable('clients')
    .set({ grant_types: ['client_credentials'] })
    .where('client_id', '=', client_id)
    .execute()
  const smuggled = await service.post('/token', { ...FORM, client_id })
  t.equal(summary(smuggled), refused, 'even if its row says so')
})
