import type { LightMyRequestResponse } from 'fastify'
import t from 'tap'
import type { Registration } from '../../src/clients/registration.ts'
import { attempts, postFrom, statusesOf, times, tryLogin } from '../support/addresses.ts'
import { summary } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import { query } from '../support/database.ts'
import { createTestService, type Tokens } from '../support/service.ts'

const HERE = '192.0.2.1'
const ELSEWHERE = '198.51.100.1'

/** What an answer says of limits. */
function fields({ headers }: LightMyRequestResponse) {
  const names = Object.keys(headers).filter((name) => /^ratelimit|^retry-after/.test(name))
  return Object.fromEntries(names.map((name) => [name, headers[name]]))
}

t.test('a session may be refreshed so often, and its retries are free', async (t) => {
  const service = await createTestService(t, { env: { RATE_LIMIT_REFRESH: '3/1h' } })
  const { client, tokens } = await service.logIn()
  let current = tokens.refresh_token
  for (const left of [2, 1]) {
    const answers = await Promise.all(attempts(20, () => service.refresh(client, current)))
    t.strictSame(new Set(answers.map(summary)), new Set(['200']))
    const last = await service.refresh(client, current)
    t.equal(last.headers['refresh-outcome'], 'retried')
    t.equal(last.headers['ratelimit-remaining'], `${left}`, '21 refreshes, one rotation')
    current = last.json<Tokens>().refresh_token
  }
  const second = current
  const third = await service.refresh(client, current)
  t.equal(third.headers.ratelimit, `"refresh";r=0;t=${third.headers['ratelimit-reset']}`)
  current = third.json<Tokens>().refresh_token
  const refused = await service.refresh(client, current)
  t.equal(summary(refused), '429 temporarily_unavailable too_many_refreshes')
  t.match(
    refused.json().error_description,
    /too many refreshes of this session; try again in \d+ s/,
  )
  const [session] = await query(service.databaseUrl, 'select generation, ended_at from sessions')
  t.strictSame(session, { generation: 3, ended_at: null }, 'the token is as good as before')
  const retry = await service.refresh(client, second)
  t.equal(retry.headers['refresh-outcome'], 'retried', 'a lost answer is still given again')
  service.clock.advance(60)
  const reuse = await service.refresh(client, tokens.refresh_token)
  t.equal(summary(reuse), '400 invalid_grant refresh_reused', 'and a thief is still found')

  const { tokens: others } = await service.logIn(client)
  t.equal((await service.refresh(client, others.refresh_token)).statusCode, 200, 'another session')
})

t.test('failed logins and refreshes never take from each other', async (t) => {
  const env = { RATE_LIMIT_REFRESH: '1/1h', RATE_LIMIT_LOGIN_ADDRESS: '2/1h' }
  const service = await createTestService(t, { env })
  const client = await service.addClient()
  const user = await service.addUser()
  const tokens = (await tryLogin(service, { client, ...user })).json<Tokens>()
  t.strictSame(
    await statusesOf(3, () => tryLogin(service, { client, username: user.username })),
    [400, 400, 429],
  )
  const form = { client_id: client.clientId, refresh_token: tokens.refresh_token }
  t.equal((await postFrom(service, HERE, '/refresh', form)).statusCode, 200)
})

const CONFIDENTIAL: Partial<Registration> = {
  authenticationMethod: 'client_secret_basic',
  grantTypes: ['client_credentials'],
}

const BY_CLIENTS: [path: string, form: Record<string, string>][] = [
  ['/token', { grant_type: 'client_credentials' }],
  ['/refresh', { refresh_token: 'mm_rt_none' }],
  ['/revoke', { token: 'none' }],
  ['/introspect', { token: 'none' }],
]

for (const [path, form] of BY_CLIENTS) {
  t.test(`${path}: too many failures of a client are refused, what is right goes on`, async (t) => {
    const service = await createTestService(t, { env: { RATE_LIMIT_CLIENT_FAILURES: '3/1h' } })
    const client = await service.addClient(CONFIDENTIAL)
    const wrong = basic(client.clientId, 'wrong')
    const ask = (address: string, headers: Record<string, string>) =>
      postFrom(service, address, path, form, headers)
    t.strictSame(await statusesOf(5, () => ask(HERE, wrong)), [401, 401, 401, 429, 429])
    const refused = await ask(HERE, wrong)
    t.equal(summary(refused), '429 temporarily_unavailable too_many_failures')
    t.ok(Number(refused.headers['retry-after']) >= 1)
    t.not((await ask(HERE, client.basic)).statusCode, 429, 'an instance with the right secret')
    t.equal((await ask(ELSEWHERE, wrong)).statusCode, 401, 'another address has failed in nothing')
    const other = basic((await service.addClient(CONFIDENTIAL)).clientId, 'wrong')
    t.equal((await ask(HERE, other)).statusCode, 401, 'nor has another client')
  })
}

t.test(
  'POST /sessions: too many failures of a backend are refused, what is right goes on',
  async (t) => {
    const service = await createTestService(t, { env: { RATE_LIMIT_CLIENT_FAILURES: '3/1h' } })
    const backend = await service.addBackend()
    const { clientId } = await service.addClient()
    const start = (headers: Record<string, string>, remoteAddress = HERE) =>
      service.inject({
        method: 'POST',
        url: '/sessions',
        remoteAddress,
        headers,
        payload: { sub: 'one', client_id: clientId },
      })
    const wrong = basic(backend.clientId, 'wrong')
    t.strictSame(await statusesOf(4, () => start(wrong)), [401, 401, 401, 429])
    t.equal(summary(await start(wrong)), '429 temporarily_unavailable too_many_failures')
    t.equal((await start(wrong, ELSEWHERE)).statusCode, 401)
    t.equal((await start(backend.basic)).statusCode, 201)
  },
)

t.test('another client_id each time is one address all the same', async (t) => {
  const service = await createTestService(t, { env: { RATE_LIMIT_CLIENT_FAILURES: '2/1h' } })
  const { client, tokens } = await service.logIn()
  const forge = (secret?: string) => (time: number) =>
    postFrom(service, HERE, '/token', {
      grant_type: 'client_credentials',
      client_id: `forged-${time}-${secret}`,
      ...(secret && { client_secret: secret }),
    })
  t.strictSame(await statusesOf(7, forge('x')), times(7, 401))
  t.strictSame(await statusesOf(5, forge()), [401, 401, 401, 429, 429], 'ten in all')
  const form = { client_id: client.clientId, refresh_token: tokens.refresh_token }
  const refreshed = await postFrom(service, HERE, '/refresh', form)
  t.equal(refreshed.statusCode, 200, 'a public client, which has no secret to guess, goes on')
})

attack(133, 'introspection is for clients, and only so often', async (t) => {
  const service = await createTestService(t, { env: { RATE_LIMIT_INTROSPECT: '3/1h' } })
  const client = await service.addClient({ authenticationMethod: 'client_secret_basic' })
  const { tokens } = await service.logIn(client)
  const ask = (headers: Record<string, string>) =>
    service.post('/introspect', { token: tokens.access_token }, headers)
  t.equal(summary(await ask({})), '401 invalid_client client_authentication_missing')
  const bearer = { authorization: `Bearer ${tokens.access_token}` }
  t.equal(summary(await ask(bearer)), '401 invalid_client client_authentication_failed')
  t.strictSame(await statusesOf(3, () => ask(client.basic)), [200, 200, 200])
  const over = await ask(client.basic)
  t.equal(summary(over), '429 temporarily_unavailable too_many_requests')
  t.ok(Number(over.headers['retry-after']) >= 1)
  const other = await service.addClient({ authenticationMethod: 'client_secret_basic' })
  t.equal((await ask(other.basic)).statusCode, 200, 'others ask on')
})

t.test('what is public is limited by address, and refused as a problem', async (t) => {
  const service = await createTestService(t, { env: { RATE_LIMIT_PUBLIC: '3/1h' } })
  const read = (url: string, remoteAddress = HERE) => service.inject({ url, remoteAddress })
  const first = await read('/.well-known/jwks.json')
  t.strictSame(fields(first), {
    'ratelimit-policy': '"public";q=3;w=3600',
    ratelimit: '"public";r=2;t=3600',
    'ratelimit-limit': '3',
    'ratelimit-remaining': '2',
    'ratelimit-reset': '3600',
  })
  t.equal((await read('/.well-known/openid-configuration')).statusCode, 200)
  t.equal((await read('/.well-known/oauth-authorization-server')).statusCode, 200)
  const refused = await read('/.well-known/jwks.json')
  t.equal(refused.statusCode, 429)
  t.match(refused.headers['content-type'], 'application/problem+json')
  t.match(refused.json(), { status: 429, code: 'too_many_requests', title: 'Too Many Requests' })
  t.match(fields(refused), { 'retry-after': /^\d+$/, 'ratelimit-remaining': '0' })
  t.equal((await read('/.well-known/jwks.json', ELSEWHERE)).statusCode, 200)
  t.strictSame(fields(await read('/livez')), {}, 'the health of the service is asked freely')
})

t.test('what strangers failed at is told to nobody who is let in', async (t) => {
  const env = { RATE_LIMIT_LOGIN_ACCOUNT_TOTAL: '3/1h' }
  const service = await createTestService(t, { env })
  const client = await service.addClient()
  const { username } = await service.addUser()
  for (const address of [HERE, ELSEWHERE]) {
    const answer = await tryLogin(service, { client, username, address })
    t.match(fields(answer).ratelimit, /^"login";r=9;/, address)
  }
  await tryLogin(service, { client, username, address: '203.0.113.1' })
  const refused = await tryLogin(service, { client, username, address: '203.0.113.2' })
  t.match(fields(refused).ratelimit, /^"login-total";r=0;/)
})

t.test('a limit that is off limits nothing and says nothing', async (t) => {
  const names = ['LOGIN_ACCOUNT', 'LOGIN_ACCOUNT_TOTAL', 'LOGIN_ADDRESS', 'CLIENT_FAILURES']
  const env = Object.fromEntries(
    [...names, 'REFRESH', 'PUBLIC'].map((name) => [`RATE_LIMIT_${name}`, 'off']),
  )
  const service = await createTestService(t, { env })
  const { client, tokens } = await service.logIn()
  const answer = await tryLogin(service, { client, username: 'nobody' })
  t.strictSame(fields(answer), {})
  t.strictSame(fields(await service.refresh(client, tokens.refresh_token)), {})
  t.strictSame(fields(await service.inject({ url: '/.well-known/jwks.json' })), {})
})

function basic(clientId: string, secret: string) {
  const credentials = Buffer.from(`${clientId}:${secret}`).toString('base64')
  return { authorization: `Basic ${credentials}` }
}
