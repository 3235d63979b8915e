import t, { type Test } from 'tap'
import { claimsOf, countRows, readEvents, summary } from '../support/answer.ts'
import { query } from '../support/database.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { createTestService, type ServiceOptions, type Tokens } from '../support/service.ts'

/** A resource server that may ask about anything, a public client and a confidential one. */
async function start(t: Test, options?: ServiceOptions) {
  const service = await createTestService(t, options)
  const client = await service.addClient()
  const machine = await service.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials'],
    introspects: ['https://orders.example'],
  })
  const { tokens } = await service.logIn(client)
  const revoke = (token: string, form: Record<string, string> = {}) =>
    service.post('/revoke', { token, client_id: client.clientId, ...form })
  const isActive = async (token: string) =>
    (await service.post('/introspect', { token }, machine.basic)).json().active as boolean
  const ownToken = async () => {
    const form = { grant_type: 'client_credentials' }
    return (await service.post('/token', form, machine.basic)).json<Tokens>().access_token
  }
  return { service, client, machine, tokens, revoke, isActive, ownToken }
}

t.test('2.1: a revoked refresh token ends its session and all of its tokens', async (t) => {
  const { service, client, tokens, revoke, isActive } = await start(t)
  t.equal(await isActive(tokens.access_token), true)
  const answer = await revoke(tokens.refresh_token)
  t.equal(answer.statusCode, 200)
  t.equal(answer.body, '')
  t.equal(answer.headers['cache-control'], 'no-store')
  t.equal(await isActive(tokens.access_token), false)
  const refused = await service.refresh(client, tokens.refresh_token)
  t.equal(summary(refused), '400 invalid_grant session_revoked')
  const { sid, sub } = claimsOf(tokens.access_token)
  const { clientId: client_id } = client
  t.strictSame(await readEvents(service, 'session.ended'), [
    { sid, sub, client_id, detail: { reason: 'token_revoked', by: client_id } },
  ])
})

t.test(
  '2.1: an older refresh token of the session, and an access token, do the same',
  async (t) => {
    for (const which of ['older', 'expired retry', 'access'] as const) {
      const { service, client, tokens, revoke, isActive } = await start(t, { seed: which })
      const rotated = (await service.refresh(client, tokens.refresh_token)).json<Tokens>()
      if (which === 'expired retry') service.clock.advance(60)
      await revoke(which === 'access' ? tokens.access_token : tokens.refresh_token)
      t.equal(await isActive(rotated.access_token), false, which)
      const refused = await service.refresh(client, rotated.refresh_token)
      t.equal(summary(refused), '400 invalid_grant session_revoked', which)
    }
  },
)

t.test('2.1: an access token without a session is revoked alone', async (t) => {
  const { service, machine, isActive, ownToken } = await start(t)
  const [one, other] = [await ownToken(), await ownToken()]
  for (let times = 0; times < 2; times += 1) {
    const answer = await service.post('/revoke', { token: one }, machine.basic)
    t.equal(answer.statusCode, 200)
  }
  t.equal(await isActive(one), false)
  t.equal(await isActive(other), true)
  const { jti, exp } = claimsOf(one) as { jti: string; exp: number }
  const { clientId } = machine
  t.strictSame(
    await readEvents(service, 'token.revoked'),
    [{ sid: null, sub: clientId, client_id: clientId, detail: { jti } }],
    'one event for two requests',
  )
  const marks = await query(service.databaseUrl, 'select jti, expires_at from revoked_tokens')
  t.strictSame(marks, [{ jti, expires_at: new Date(exp * 1000) }], 'kept as long as it matters')
})

t.test('2.2: what is unknown, expired or revoked already is 200', async (t) => {
  const { service, tokens, revoke, machine, ownToken } = await start(t)
  const expired = await ownToken()
  service.clock.advance(601)
  for (const [what, token] of Object.entries({
    garbage: 'garbage',
    'a refresh token of nobody': service.parts.refreshTokens.draw().value,
    'a broken refresh token': `${tokens.refresh_token}x`,
    'a broken access token': `${tokens.access_token}x`,
    'a long one': 'x'.repeat(10_000),
    'not ASCII': 'é😀',
  })) {
    t.equal((await revoke(token)).statusCode, 200, what)
  }
  const late = await service.post('/revoke', { token: expired }, machine.basic)
  t.equal(late.statusCode, 200, 'an expired one')
  t.equal(await countRows(service, 'revoked_tokens'), 0, 'nothing was written for it')
  t.strictSame(await readEvents(service, 'session.ended'), [], 'nothing has ended')
  for (const times of ['first', 'second', 'third']) {
    t.equal((await revoke(tokens.refresh_token)).statusCode, 200, `${times} time`)
  }
  t.equal((await readEvents(service, 'session.ended')).length, 1)
})

t.test('2.1: a hint is only a hint', async (t) => {
  for (const [what, token_type_hint] of [
    ['wrong', 'access_token'],
    ['right', 'refresh_token'],
    ['unknown', 'saml2'],
    ['empty', ''],
  ] as const) {
    const { service, client, tokens, revoke } = await start(t, { seed: what })
    t.equal((await revoke(tokens.refresh_token, { token_type_hint })).statusCode, 200, what)
    const refused = await service.refresh(client, tokens.refresh_token)
    t.equal(summary(refused), '400 invalid_grant session_revoked', what)
  }
})

t.test('2.1: nobody revokes the token of another client', async (t) => {
  const { service, client, machine, tokens, isActive, ownToken } = await start(t)
  const refused = '400 unauthorized_client token_of_other_client'
  for (const token of [tokens.refresh_token, tokens.access_token]) {
    t.equal(summary(await service.post('/revoke', { token }, machine.basic)), refused)
  }
  const own = await ownToken()
  const foreign = { token: own, client_id: client.clientId }
  t.equal(summary(await service.post('/revoke', foreign)), refused)
  t.equal(await isActive(own), true)
  t.equal(await isActive(tokens.access_token), true)
  t.equal(summary(await service.refresh(client, tokens.refresh_token)), '200', 'it lives')
})

t.test('2.1: the client authenticates first, and names a token', async (t) => {
  const { service, client, machine, tokens } = await start(t)
  const { refresh_token: token } = tokens
  for (const [what, form, headers, expected] of [
    ['no client', { token }, {}, '401 invalid_client client_authentication_missing'],
    [
      'an unknown client',
      { token, client_id: 'nobody' },
      {},
      '401 invalid_client client_authentication_failed',
    ],
    [
      'a confidential client without its secret',
      { token, client_id: machine.clientId },
      {},
      '401 invalid_client client_authentication_failed',
    ],
    ['no token', {}, machine.basic, '400 invalid_request parameter_missing'],
    ['an empty one', { token: '' }, machine.basic, '400 invalid_request parameter_missing'],
  ] as const) {
    t.equal(summary(await service.post('/revoke', form, headers)), expected, what)
  }
  t.equal(summary(await service.refresh(client, token)), '200')
})

t.test('once a revocation is answered, no refresh under way has saved the session', async (t) => {
  const { service, client, revoke, isActive } = await start(t)
  for (let round = 0; round < 10; round += 1) {
    const { tokens } = await service.logIn(client)
    const [refreshed] = await Promise.all([
      service.refresh(client, tokens.refresh_token),
      revoke(tokens.refresh_token),
    ])
    t.equal(await isActive(tokens.access_token), false)
    if (refreshed.statusCode !== 200) continue
    const { access_token, refresh_token } = refreshed.json<Tokens>()
    t.equal(await isActive(access_token), false, 'what the refresh was given is dead')
    t.equal(
      summary(await service.refresh(client, refresh_token)),
      '400 invalid_grant session_revoked',
    )
  }
})

t.test('2.2.1: a database that is away is 503, and never 200', async (t) => {
  const gate = await createGatedDatabase(t)
  const { service, client, tokens, revoke } = await start(t, { databaseUrl: gate.url })
  await gate.shut()
  const answer = await revoke(tokens.refresh_token)
  t.equal(summary(answer), '503 temporarily_unavailable database_unavailable')
  t.match(answer.headers['retry-after'], /^[1-9]/)
  await gate.open()
  t.equal(summary(await service.refresh(client, tokens.refresh_token)), '200')
})
