import t from 'tap'
import type { Registration } from '../../src/clients/registration.ts'
import { claimsOf, postRaw, summary } from '../support/answer.ts'
import { query } from '../support/database.ts'
import { createTestService, ISSUER, ORDERS, type Tokens } from '../support/service.ts'

const IDLE = 14 * 86_400
const MAX = 90 * 86_400
const UNUSED = '400 invalid_grant session_idle_timeout'
const TOO_OLD = '400 invalid_grant session_max_age'

t.test('the answers tell how long the session may idle and live', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  t.match(tokens, { refresh_expires_in: IDLE, session_expires_in: MAX })
  service.clock.advance(1000)
  const rotated = await service.refresh(client, tokens.refresh_token)
  const told = { refresh_expires_in: IDLE, session_expires_in: MAX - 1000 }
  t.match(rotated.json(), told, 'a refresh begins the idle time anew')
  service.clock.advance(10)
  const retried = await service.refresh(client, tokens.refresh_token)
  const later = { refresh_expires_in: IDLE - 10, session_expires_in: MAX - 1010 }
  t.match(retried.json(), later, 'a retry tells what is left')
  service.clock.advance(0.4)
  const floored = { refresh_expires_in: IDLE - 11, session_expires_in: MAX - 1011 }
  const again = await service.refresh(client, tokens.refresh_token)
  t.match(again.json(), floored, 'and never more than that')
})

t.test('a session ends when it was unused for its idle time, to the second', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  service.clock.advance(IDLE - 1)
  const rotated = await service.refresh(client, tokens.refresh_token)
  t.equal(summary(rotated), '200', 'one second before')
  const { refresh_token } = rotated.json<Tokens>()
  service.clock.advance(IDLE)
  t.equal(summary(await service.refresh(client, refresh_token)), UNUSED, 'at its end')
  t.equal(summary(await service.refresh(client, tokens.refresh_token)), UNUSED, 'older values too')
})

t.test('a retry does not prolong the session', async (t) => {
  const env = { SESSION_IDLE_TTL: '60s', ACCESS_TOKEN_TTL: '30s' }
  const service = await createTestService(t, { env })
  const { client, tokens } = await service.logIn()
  await service.refresh(client, tokens.refresh_token)
  service.clock.advance(30)
  const retried = await service.refresh(client, tokens.refresh_token)
  t.equal(retried.headers['refresh-outcome'], 'retried')
  t.equal(retried.json<Tokens>().refresh_expires_in, 30)
  service.clock.advance(30)
  t.equal(summary(await service.refresh(client, tokens.refresh_token)), UNUSED)
})

t.test('no number of refreshes moves the absolute end', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  const end = async () => {
    const [row] = await query(service.databaseUrl, 'select expires_at from sessions')
    return new Date(row?.expires_at as Date).getTime()
  }
  const before = await end()
  t.equal(before, service.clock.now() + MAX * 1000)
  let { refresh_token } = tokens
  for (let rotations = 0; rotations < 100; rotations += 1) {
    service.clock.advance(86_400 * 0.899)
    const answer = await service.refresh(client, refresh_token)
    if (answer.statusCode !== 200) throw new Error(answer.body)
    refresh_token = answer.json<Tokens>().refresh_token
    const { refresh_expires_in, session_expires_in } = answer.json<Tokens>()
    const left = Math.floor((before - service.clock.now()) / 1000)
    if (session_expires_in !== left || refresh_expires_in !== Math.min(IDLE, left)) {
      t.fail(`told ${session_expires_in} and ${refresh_expires_in}, left are ${left}`)
    }
  }
  t.equal(await end(), before)
  const left = (before - service.clock.now()) / 1000
  service.clock.advance(left - 1)
  const last = await service.refresh(client, refresh_token)
  t.match(last.json(), { refresh_expires_in: 1, session_expires_in: 1, expires_in: 1 })
  service.clock.advance(1)
  const { refresh_token: current } = last.json<Tokens>()
  t.equal(summary(await service.refresh(client, current)), TOO_OLD, 'at its end')
  t.equal(summary(await service.refresh(client, refresh_token)), TOO_OLD, 'a retry as well')
})

t.test('each lifetime can be a client’s own', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient({
    accessTokenTtlSeconds: 100,
    sessionIdleTtlSeconds: 200,
    sessionMaxTtlSeconds: 300,
  })
  const { tokens } = await service.logIn(client)
  t.match(tokens, { refresh_expires_in: 200, session_expires_in: 300 })
  t.ok(tokens.expires_in >= 95 && tokens.expires_in <= 100)
  service.clock.advance(150)
  const rotated = await service.refresh(client, tokens.refresh_token)
  t.match(rotated.json(), { refresh_expires_in: 150, session_expires_in: 150 })
  service.clock.advance(100)
  const again = await service.refresh(client, rotated.json<Tokens>().refresh_token)
  t.equal(again.json<Tokens>().expires_in, 50, 'no access token outlives its session')
})

t.test('so can each window, and whether a late retry is believed', async (t) => {
  const service = await createTestService(t)
  const outcomes = async (registration: Partial<Registration>, waits: number[]) => {
    const { tokens, client } = await service.logIn(await service.addClient(registration))
    await service.refresh(client, tokens.refresh_token)
    const told: string[] = []
    for (const seconds of waits) {
      service.clock.advance(seconds)
      const answer = await service.refresh(client, tokens.refresh_token)
      told.push(
        answer.statusCode === 200 ? `${answer.headers['refresh-outcome']}` : summary(answer),
      )
    }
    return told
  }
  const reused = '400 invalid_grant refresh_reused'
  const long = { refreshRetryWindowSeconds: 60 }
  t.strictSame(await outcomes(long, [60, 0.001]), ['retried', 'recovered'])
  const none = { refreshRetryWindowSeconds: 0, refreshRecovery: 'deny' } as const
  t.strictSame(await outcomes(none, [0]), [reused])
  const short = { refreshRecoveryWindowSeconds: 100 }
  t.strictSame(await outcomes(short, [100, 31]), ['recovered', reused])
  t.strictSame(await outcomes({ refreshRecovery: 'deny' }, [30, 0.001]), ['retried', reused])
})

t.test('scope may be narrowed for one token, and asked for in full again', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  const refresh = async (value: string, scope: string) => {
    const answer = await service.refresh(client, value, { scope })
    return { answer, tokens: answer.json<Tokens>() }
  }
  const narrow = await refresh(tokens.refresh_token, 'orders:read')
  t.equal(narrow.tokens.scope, 'orders:read')
  t.equal(claimsOf(narrow.tokens.access_token).scope, 'orders:read')
  const other = await refresh(tokens.refresh_token, 'orders:write')
  const asked = '400 invalid_grant retry_mismatch'
  t.equal(summary(other.answer), asked, 'a retry asks for what was asked for')
  const retried = await refresh(tokens.refresh_token, 'orders:read')
  t.equal(retried.tokens.scope, 'orders:read')
  t.equal(retried.tokens.refresh_token, narrow.tokens.refresh_token)
  const full = await refresh(narrow.tokens.refresh_token, '')
  t.equal(full.tokens.scope, 'orders:read orders:write', 'the session kept what was granted')
  const named = await refresh(full.tokens.refresh_token, 'orders:write orders:read orders:read')
  t.equal(named.tokens.scope, 'orders:read orders:write')
})

t.test('a refresh that asks for more than was granted costs the session nothing', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const { username, password } = await service.addUser()
  const { clientId: client_id } = client
  const login = { grant_type: 'password', username, password, client_id }
  const narrow = { ...login, scope: 'orders:read', resource: ORDERS }
  const { refresh_token } = (await service.post('/token', narrow)).json<Tokens>()
  for (const [more, expected] of [
    [{ scope: 'orders:read orders:write' }, '400 invalid_scope scope_not_allowed'],
    [{ scope: 'admin' }, '400 invalid_scope scope_not_allowed'],
    [{ scope: 'é' }, '400 invalid_scope scope_malformed'],
    [{ resource: ISSUER }, '400 invalid_target resource_not_allowed'],
    [{ resource: 'https://elsewhere.example' }, '400 invalid_target resource_not_allowed'],
    [{ resource: `${ORDERS}/` }, '400 invalid_target resource_not_allowed'],
  ] as const) {
    const what = JSON.stringify(more)
    t.equal(summary(await service.refresh(client, refresh_token, more)), expected, what)
  }
  const [row] = await query(service.databaseUrl, 'select generation, ended_at from sessions')
  t.strictSame(row, { generation: 0, ended_at: null })
  const rotated = await service.refresh(client, refresh_token)
  t.equal(rotated.headers['refresh-outcome'], 'rotated', 'the value was not consumed')
  for (const more of [{ scope: 'admin' }, { resource: ISSUER }]) {
    const answer = await service.refresh(client, refresh_token, more)
    t.equal(answer.statusCode, 400, 'nor does a retry get more')
  }
})

t.test('resource chooses among the audiences of the session', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  let { refresh_token } = tokens
  for (const { resources, aud } of [
    { resources: [ORDERS], aud: [ORDERS] },
    { resources: [ISSUER], aud: [ISSUER] },
    { resources: [ISSUER, ORDERS], aud: [ORDERS, ISSUER] },
    { resources: [], aud: [ORDERS, ISSUER] },
  ]) {
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token,
      client_id: client.clientId,
    })
    for (const resource of resources) body.append('resource', resource)
    const answer = await postRaw(service, '/token', body.toString())
    t.strictSame(claimsOf(answer.json<Tokens>().access_token).aud, aud, resources.join(' '))
    refresh_token = answer.json<Tokens>().refresh_token
  }
})
