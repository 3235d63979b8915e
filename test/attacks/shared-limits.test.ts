import t, { type Test } from 'tap'
import { attempts, statusesOf, tryLogin } from '../support/addresses.ts'
import { attack } from '../support/attacks.ts'
import { freePort, until } from '../support/process.ts'
import { startRedis, type TestRedis, withoutRedis } from '../support/redis.ts'
import { createTestService, type TestClient, type TestService } from '../support/service.ts'

const LOST = 'no shared counters'
const SHARED = 'limits are counted in Redis'
const ENV = { RATE_LIMIT_LOGIN_ACCOUNT: '4/1h', RATE_LIMIT_LOGIN_ADDRESS: 'off' }

const said = (service: TestService, text: string) =>
  service.log.filter((line) => line.includes(text)).length

/** Two replicas that count in one Redis. */
async function start(t: Test) {
  const redis = await startRedis(t)
  const env = { ...ENV, REDIS_URL: redis.url }
  const one = await createTestService(t, { env })
  const two = await createTestService(t, { env, beside: one, seed: 'two' })
  return { redis, one, two, client: await one.addClient() }
}

/** The statuses of wrong logins of one account, at one replica after the other. */
function wrongLogins(replicas: TestService[], client: TestClient, username: string) {
  return statusesOf(replicas.length, (time) =>
    tryLogin(replicas[time] as TestService, { client, username }),
  )
}

function withRedis(number: number, what: string, run: (t: Test) => Promise<void>): void {
  if (withoutRedis === false) attack(number, what, run)
  else void t.test(`attack ${number}: ${what}`, { skip: withoutRedis }, run)
}

withRedis(136, 'replicas that share a Redis count together', async (t) => {
  const { one, two, client } = await start(t)
  t.strictSame([said(one, SHARED), said(two, SHARED)], [1, 1], 'both say where they count')
  const statuses = await wrongLogins([one, two, two, one, two, one], client, 'alice')
  t.strictSame(statuses, [400, 400, 400, 400, 429, 429])
  const user = await one.addUser()
  const right = attempts(20, () => tryLogin(two, { client, ...user }))
  t.ok((await Promise.all(right)).every(({ statusCode }) => statusCode === 200))
})

withRedis(147, 'a Redis that dies locks nobody out and opens nothing', async (t) => {
  const { redis, one, two, client } = await start(t)
  const user = await one.addUser()
  const before = await wrongLogins([one, one, one, two], client, 'alice')
  t.strictSame(before, [400, 400, 400, 400])
  await redis.kill()
  t.equal((await tryLogin(one, { client, ...user })).statusCode, 200, 'whoever may log in does')
  t.equal((await tryLogin(two, { client, ...user })).statusCode, 200)
  const alone = await wrongLogins([one, one, two, two, two, two], client, 'alice')
  t.strictSame(alone, [400, 429, 400, 400, 400, 429], 'each goes on from what it has seen itself')
  t.strictSame([said(one, LOST), said(two, LOST)], [1, 1], 'one warning each')
  await redis.start()
  await until('the return', async () => said(one, SHARED) === 2 && said(two, SHARED) === 2)
  const after = await wrongLogins([one, two, one, two, one, two], client, 'bob')
  t.strictSame(after, [400, 400, 400, 400, 429, 429], 'they count together again')
  t.strictSame(await wrongLogins([one, two], client, 'alice'), [429, 429], 'and forget nothing')
})

withRedis(147, 'a Redis that hangs is waited for once', async (t) => {
  const { redis, one, client } = await start(t)
  const { tokens, client: web } = await one.logIn()
  t.teardown(() => redis.signal('SIGCONT'))
  redis.signal('SIGSTOP')
  const refreshed = await one.refresh(web, tokens.refresh_token)
  t.equal(refreshed.statusCode, 200)
  t.equal(said(one, LOST), 1)
  const statuses = await statusesOf(6, () => tryLogin(one, { client, username: 'alice' }))
  t.strictSame(statuses, [400, 400, 400, 400, 429, 429], 'it limits by itself')
  t.equal(said(one, LOST), 1, 'one warning')
  redis.signal('SIGCONT')
  await until('the return', async () => said(one, SHARED) === 2)
})

withRedis(147, 'a Redis that refuses us or is not there is no reason not to start', async (t) => {
  const redis: TestRedis = await startRedis(t)
  const secret = 'not-the-redis-password'
  const urls = {
    'a wrong password': redis.url.replace('a-redis-password', secret),
    'nobody there': `redis://:${secret}@127.0.0.1:${await freePort()}`,
  }
  for (const [what, url] of Object.entries(urls)) {
    const service = await createTestService(t, { env: { ...ENV, REDIS_URL: url }, seed: what })
    const client = await service.addClient()
    t.equal(said(service, LOST), 1, `${what}: it says so`)
    const statuses = await statusesOf(5, () => tryLogin(service, { client, username: 'alice' }))
    t.strictSame(statuses, [400, 400, 400, 400, 429], `${what}: it limits by itself`)
    t.notMatch(service.log.join(''), secret, `${what}: the password is not told`)
  }
})

t.test('closing the service closes its connection', { skip: withoutRedis }, async (t) => {
  const redis = await startRedis(t)
  const service = await createTestService(t, { env: { REDIS_URL: redis.url } })
  t.equal(await redis.connections(), 1)
  await service.app.close()
  await until('the end of the connection', async () => (await redis.connections()) === 0)
})
