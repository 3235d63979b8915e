import t, { type Test } from 'tap'
import { noOrigin } from '../../src/audit/event.ts'
import { claimsOf, postRaw, summary } from '../support/answer.ts'
import { createGatedDatabase } from '../support/outage.ts'
import {
  createTestService,
  ISSUER,
  ORDERS,
  type ServiceOptions,
  type TestClient,
  type Tokens,
} from '../support/service.ts'

const CONFIDENTIAL = {
  authenticationMethod: 'client_secret_basic',
  grantTypes: ['client_credentials', 'password', 'refresh_token'],
} as const
const INACTIVE = { active: false }

/** A user's tokens, the resource server that they are for and one that they are not for. */
async function start(t: Test, options?: ServiceOptions) {
  const service = await createTestService(t, options)
  const registration = { ...CONFIDENTIAL, grantTypes: [...CONFIDENTIAL.grantTypes] }
  const client = await service.addClient({ ...registration, audience: [ORDERS] })
  const orders = await service.addClient({ ...registration, introspects: [ORDERS] })
  const stock = await service.addClient({ ...registration, introspects: ['https://stock.example'] })
  const { tokens, sub } = await service.logIn(client)
  const introspect = async (token: string, by: TestClient, form: Record<string, string> = {}) =>
    (await service.post('/introspect', { token, ...form }, by.basic)).json() as object
  const end = { by: 'operator', origin: noOrigin }
  return { service, client, orders, stock, tokens, sub, introspect, end }
}

t.test('2.2: an active access token is told with its claims', async (t) => {
  const { service, client, orders, tokens, introspect } = await start(t)
  const answer = await service.post('/introspect', { token: tokens.access_token }, orders.basic)
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^application\/json\b/)
  t.equal(answer.headers['cache-control'], 'no-store')
  t.strictSame(answer.json(), {
    ...claimsOf(tokens.access_token),
    active: true,
    token_type: 'Bearer',
  })
  t.match(await introspect(tokens.access_token, client), { active: true }, 'its client may ask too')
})

t.test('4: what is for another audience is inactive, and nothing more', async (t) => {
  const { orders, stock, client, service, tokens, introspect } = await start(t)
  t.strictSame(await introspect(tokens.access_token, stock), INACTIVE)
  t.strictSame(await introspect(tokens.refresh_token, orders), INACTIVE, 'a refresh token as well')
  const stranger = await service.addClient({
    ...CONFIDENTIAL,
    grantTypes: ['client_credentials'],
    introspects: [ISSUER],
  })
  t.strictSame(await introspect(tokens.access_token, stranger), INACTIVE)
  t.match(await introspect(tokens.access_token, client), { active: true })
})

t.test('a refresh token is told to its own client while it is the current one', async (t) => {
  const { service, client, tokens, sub, introspect } = await start(t)
  const iat = Math.floor(service.clock.now() / 1000)
  t.strictSame(await introspect(tokens.refresh_token, client), {
    active: true,
    token_type: 'refresh_token',
    client_id: client.clientId,
    sub,
    sid: claimsOf(tokens.access_token).sid,
    scope: 'orders:read orders:write',
    iat,
    exp: iat + tokens.refresh_expires_in,
  })
  service.clock.advance(5)
  const rotated = (await service.refresh(client, tokens.refresh_token)).json<Tokens>()
  t.strictSame(await introspect(tokens.refresh_token, client), INACTIVE, 'the predecessor is not')
  t.match(await introspect(rotated.refresh_token, client), { active: true, iat: iat + 5 })
  service.clock.advance(rotated.refresh_expires_in)
  t.strictSame(await introspect(rotated.refresh_token, client), INACTIVE, 'nor an idle one')
})

t.test('2.2: everything else is inactive, whatever it is', async (t) => {
  const { service, orders, client, tokens, introspect } = await start(t)
  const [header = '', payload = ''] = tokens.access_token.split('.')
  for (const [what, token] of Object.entries({
    garbage: 'garbage',
    'ten kilobytes': 'x'.repeat(10_000),
    'not ASCII': 'é😀',
    'a broken signature': `${header}.${payload}.${Buffer.alloc(64, 1).toString('base64url')}`,
    'no signature': `${header}.${payload}.`,
    'a refresh token of nobody': service.parts.refreshTokens.draw().value,
    'a broken refresh token': `${tokens.refresh_token}x`,
    'a client secret': client.secret ?? '',
  })) {
    for (const by of [orders, client]) {
      t.strictSame(await introspect(token, by), INACTIVE, what)
    }
  }
})

t.test('a token is active until the second in which it expires', async (t) => {
  const { service, orders, tokens, introspect } = await start(t)
  const left = Number(claimsOf(tokens.access_token).exp) - service.clock.now() / 1000
  service.clock.advance(left - 1)
  t.match(await introspect(tokens.access_token, orders), { active: true })
  service.clock.advance(1)
  t.strictSame(await introspect(tokens.access_token, orders), INACTIVE)
})

t.test('whatever ends a session makes its tokens inactive at once', async (t) => {
  const ends: Record<string, (given: Awaited<ReturnType<typeof start>>) => Promise<unknown>> = {
    logout: ({ service, tokens }) =>
      service.post('/logout', { refresh_token: tokens.refresh_token }),
    revocation: ({ service, client, tokens }) =>
      service.post('/revoke', { token: tokens.access_token }, client.basic),
    'an operator': ({ service, sub, end }) =>
      service.parts.endSessions.end({ sub }, 'ended_by_operator', end),
    'a deleted client': ({ service, client, end }) =>
      service.parts.cutOffs.deleteClient(client.clientId, end),
    'a disabled client': ({ service, client, end }) =>
      service.parts.cutOffs.disableClient(client.clientId, end),
    'a cut-off of its client': ({ service, client, end }) =>
      service.parts.cutOffs.set({ kind: 'client', id: client.clientId }, undefined, end),
    'a cut-off of its user': ({ service, sub, end }) =>
      service.parts.cutOffs.set({ kind: 'user', id: sub }, undefined, end),
    reuse: async ({ service, client, tokens }) => {
      let { refresh_token } = tokens
      for (let times = 0; times < 4; times += 1) {
        refresh_token = (await service.refresh(client, refresh_token)).json().refresh_token
      }
      await service.refresh(client, tokens.refresh_token)
    },
  }
  for (const [what, endIt] of Object.entries(ends)) {
    const given = await start(t, { seed: what })
    const { orders, tokens, introspect } = given
    t.match(await introspect(tokens.access_token, orders), { active: true }, `before ${what}`)
    await endIt(given)
    t.strictSame(await introspect(tokens.access_token, orders), INACTIVE, what)
  }
})

t.test('a hint is only a hint', async (t) => {
  const { orders, tokens, introspect } = await start(t)
  for (const token_type_hint of ['refresh_token', 'access_token', 'saml2', '']) {
    const answer = await introspect(tokens.access_token, orders, { token_type_hint })
    t.match(answer, { active: true }, token_type_hint)
  }
})

t.test('2.1: only clients that authenticate may ask', async (t) => {
  const { service, orders, tokens } = await start(t)
  const publicClient = await service.addClient()
  const { access_token: token } = tokens
  const failed = '401 invalid_client client_authentication_failed'
  for (const [what, form, headers, expected] of [
    ['nobody', { token }, {}, '401 invalid_client client_authentication_missing'],
    [
      'a public client',
      { token, client_id: publicClient.clientId },
      {},
      '403 unauthorized_client client_not_allowed',
    ],
    ['by name alone', { token, client_id: orders.clientId }, {}, failed],
    ['a user with a token', { token }, { authorization: `Bearer ${token}` }, failed],
    ['without a token', {}, orders.basic, '400 invalid_request parameter_missing'],
  ] as const) {
    t.equal(summary(await service.post('/introspect', form, headers)), expected, what)
  }
  const large = await postRaw(service, '/introspect', `token=${'x'.repeat(1024 * 1024)}`)
  t.equal(summary(large), '413 invalid_request body_too_large')
})

t.test('a database that is away is 503, and no word on the token', async (t) => {
  const gate = await createGatedDatabase(t)
  const { service, orders, tokens } = await start(t, { databaseUrl: gate.url })
  await gate.shut()
  const answer = await service.post('/introspect', { token: tokens.access_token }, orders.basic)
  t.equal(summary(answer), '503 temporarily_unavailable database_unavailable')
  t.notOk('active' in answer.json())
})

t.test('a client that was cut off goes on with the token that it gets next', async (t) => {
  const { service, orders, introspect } = await start(t)
  const own = async () => {
    const answer = await service.post('/token', { grant_type: 'client_credentials' }, orders.basic)
    return answer.json<Tokens>().access_token
  }
  const before = await own()
  t.match(await introspect(before, orders), { active: true })
  service.clock.advance(0.001)
  const end = { by: 'operator', origin: noOrigin }
  await service.parts.cutOffs.set({ kind: 'client', id: orders.clientId }, undefined, end)
  t.match(await introspect(await own(), orders), { active: true }, 'in the same second')
  t.strictSame(await introspect(before, orders), INACTIVE)
})
