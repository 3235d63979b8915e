import { once } from 'node:events'
import { connect } from 'node:net'
import { crc32 } from 'node:zlib'
import type { LightMyRequestResponse } from 'fastify'
import t from 'tap'
import { base62, base64url } from '../../src/base/encoding.ts'
import { operator } from '../../src/cli/operator.ts'
import { attempts, statusesOf, times, tryLogin, WRONG } from '../support/addresses.ts'
import { readEvents, summary } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { countQueries } from '../support/queries.ts'
import { createSeededRandom } from '../support/random.ts'
import { createTestService, type TestService, type Tokens } from '../support/service.ts'

// Hundreds of passwords are hashed here.
t.setTimeout(300_000)

const HERE = '192.0.2.1'
const ELSEWHERE = '198.51.100.1'
const THROTTLED = '429 temporarily_unavailable too_many_logins'

attack(136, 'ten wrong passwords slow down their address and nobody else', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const { username, password } = await service.addUser()
  const wrong = () => tryLogin(service, { client, username, address: HERE })
  t.strictSame(await statusesOf(10, wrong), times(10, 400))
  for (const tried of [WRONG, password]) {
    const answer = await tryLogin(service, { client, username, password: tried, address: HERE })
    t.equal(summary(answer), THROTTLED, 'right or wrong, it is not tried')
    const { 'retry-after': after, ratelimit } = answer.headers
    t.ok(Number(after) >= 1 && Number(after) <= 300, `Retry-After: ${after}`)
    t.equal(ratelimit, `"login";r=0;t=${after}`)
    t.match(answer.json().error_description, new RegExp(`try again in ${after} s$`))
  }
  const away = await tryLogin(service, { client, username, password, address: ELSEWHERE })
  t.equal(away.statusCode, 200, 'the account is not locked')
  const other = await service.addUser()
  const neighbour = await tryLogin(service, { client, ...other, address: HERE })
  t.equal(neighbour.statusCode, 200, 'nor are the others behind that address')
  const failures = await readEvents(service, 'login.failed')
  t.equal(failures.length, 10, 'what is refused is no flood of events')
  const lines = service.log.filter((line) => line.includes('a limit was reached'))
  t.equal(lines.length, 1, 'and one line in the log')
})

attack(136, 'an account guessed at from everywhere stays open to its own devices', async (t) => {
  const env = { RATE_LIMIT_LOGIN_ACCOUNT_TOTAL: '8/10m' }
  const service = await createTestService(t, { env })
  const client = await service.addClient()
  const { username, password } = await service.addUser()
  const login = (address: string) => tryLogin(service, { client, username, password, address })
  const { refresh_token } = (await login('2001:db8:1:2::1')).json<Tokens>()
  const alive = (await login(HERE)).json<Tokens>()
  await service.post('/logout', { refresh_token })
  const strangers = (time: number) =>
    tryLogin(service, { client, username, address: `203.0.113.${time}` })
  t.strictSame(await statusesOf(10, strangers), [...times(8, 400), 429, 429])
  t.equal(summary(await login(ELSEWHERE)), THROTTLED, 'a stranger waits, whatever the password')
  t.equal((await login(HERE)).statusCode, 200, 'a device that is logged in can log in')
  t.equal((await login('2001:db8:1:2:9::9')).statusCode, 200, 'and one that was, from its /64')
  const refreshed = await service.refresh(client, alive.refresh_token)
  t.equal(refreshed.statusCode, 200, 'no session notices')
})

attack(
  142,
  'who waits because of others costs the same work, whether the name exists or not',
  async (t) => {
    const env = { RATE_LIMIT_LOGIN_ACCOUNT_TOTAL: '2/10m' }
    const service = await createTestService(t, { env })
    const client = await service.addClient()
    const { username: known } = await service.addUser()
    const counts: number[] = []
    for (const username of [known, 'nobody']) {
      const strangers = (time: number) =>
        tryLogin(service, { client, username, address: `203.0.113.${time}` })
      await statusesOf(2, strangers)
      const attempt = () => tryLogin(service, { client, username, address: ELSEWHERE })
      const [answer, count] = await countQueries(attempt)
      t.equal(summary(answer), THROTTLED, username)
      counts.push(count)
    }
    t.equal(counts[0], counts[1])
  },
)

attack(136, 'a hundred parallel guesses are no more than ten', async (t) => {
  const env = { PASSWORD_CONCURRENCY: '3' }
  const service = await createTestService(t, { env })
  const client = await service.addClient()
  const { username } = await service.addUser()
  const answers = await Promise.all(attempts(100, () => tryLogin(service, { client, username })))
  const evaluated = (await readEvents(service, 'login.failed')).length
  t.ok(evaluated >= 10 && evaluated <= 12, `${evaluated} passwords were tried`)
  const refused = answers.filter((answer) => summary(answer) === THROTTLED)
  t.equal(refused.length, 100 - evaluated, 'the others were told to wait')
})

attack(136, 'guesses at many accounts are limited by their address', async (t) => {
  const service = await createTestService(t, { env: { RATE_LIMIT_LOGIN_ADDRESS: '6/5m' } })
  const client = await service.addClient()
  const spray = (time: number) => tryLogin(service, { client, username: `user-${time}` })
  t.strictSame(await statusesOf(8, spray), [...times(6, 400), 429, 429])
  const user = await service.addUser()
  const away = await tryLogin(service, { client, ...user, address: ELSEWHERE })
  t.equal(away.statusCode, 200, 'others go on')
})

attack(138, 'parallel right logins all succeed', async (t) => {
  const service = await createTestService(t, { env: { PASSWORD_QUEUE_LIMIT: '300' } })
  const client = await service.addClient()
  const user = await service.addUser()
  const logins = await Promise.all(attempts(20, () => tryLogin(service, { client, ...user })))
  t.strictSame(logins.map(statusOf), times(20, 200), '20 of one account')
  const office = await Promise.all(attempts(60, () => tryLogin(service, { client, ...user })))
  t.strictSame(office.map(statusOf), times(60, 200), '60 more from one address')
})

attack(139, 'who is throttled or disabled finds no other door', async (t) => {
  const service = await createTestService(t)
  const [client, second] = [await service.addClient(), await service.addClient()]
  const user = await service.addUser({ username: 'alice' })
  await statusesOf(10, () => tryLogin(service, { client, username: 'alice' }))
  for (const username of ['ALICE', 'ａｌｉｃｅ']) {
    t.equal(summary(await tryLogin(service, { client, ...user, username })), THROTTLED, username)
  }
  t.equal(summary(await tryLogin(service, { ...user, client: second })), THROTTLED, 'client')
  const asJson = await service.inject({
    method: 'POST',
    url: '/token',
    remoteAddress: HERE,
    payload: { grant_type: 'password', client_id: client.clientId, ...user, sub: undefined },
  })
  t.equal(summary(asJson), THROTTLED, 'JSON')

  const bob = await service.addUser()
  const tokens = (await tryLogin(service, { client, ...bob })).json<Tokens>()
  await disable(service, bob.username)
  const refresh = await service.refresh(client, tokens.refresh_token)
  t.equal(summary(refresh), '400 invalid_grant user_disabled')
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  t.equal((await service.inject({ url: '/me', headers })).statusCode, 401)
  const answers = await statusesOf(11, () => tryLogin(service, { client, ...bob }))
  t.strictSame(answers, [...times(10, 400), 429], 'the right password of a disabled user counts')
})

async function disable(service: TestService, username: string): Promise<void> {
  await service.parts.endSessions.disableUser(username, operator)
}

attack(141, 'a thousand addresses of one /64 are one caller', async (t) => {
  const service = await createTestService(t, { env: { RATE_LIMIT_PUBLIC: '10/1h' } })
  const read = (time: number, net = '2001:db8:5:6') =>
    service.inject({
      url: '/.well-known/jwks.json',
      remoteAddress: `${net}:${time.toString(16)}::${(time * 7).toString(16)}`,
    })
  const statuses = await statusesOf(1000, read)
  t.strictSame(statuses, [...times(10, 200), ...times(990, 429)])
  t.equal((await read(1, '2001:db8:5:7')).statusCode, 200, 'the next /64 is another')

  const client = await service.addClient()
  const { username } = await service.addUser()
  const guess = (time: number) =>
    tryLogin(service, { client, username, address: `2001:db8:5:6::${time}` })
  t.strictSame(await statusesOf(12, guess), [...times(10, 400), 429, 429])
})

attack(142, 'whether an account exists is told by no answer', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const known = await service.addUser()
  const disabled = await service.addUser()
  await disable(service, disabled.username)
  const long = 'x'.repeat(1025)
  const logins = {
    'a wrong password': { username: known.username },
    'no such user': { username: 'nobody' },
    'no possible name': { username: 'no body' },
    'a password that nobody can have': { username: known.username, password: long },
    'that of no such user': { username: 'nobody-else', password: long },
    'a disabled user': disabled,
  }
  const [first = [], ...others] = await Promise.all(
    Object.values(logins).map(async (login, index) => {
      const address = `192.0.2.${index}`
      const answers: object[] = []
      for (let time = 0; time < 12; time += 1) {
        answers.push(comparableWhole(await tryLogin(service, { client, ...login, address })))
      }
      return answers
    }),
  )
  for (const [index, other] of others.entries()) {
    t.strictSame(other, first, `${Object.keys(logins)[index + 1]}`)
  }
  const empty = (username: string) => tryLogin(service, { client, username, password: '' })
  const nobody = comparableWhole(await empty('nobody'))
  t.strictSame(comparableWhole(await empty(known.username)), nobody, 'an empty password')
})

/** All of an answer but what is new every time; windows may have begun in different seconds. */
function comparableWhole({ statusCode, headers, body }: LightMyRequestResponse): object {
  const { date, 'x-request-id': id, 'content-length': _length, ...rest } = headers
  const text = JSON.stringify({ statusCode, rest, body: JSON.parse(body) })
  return { text: text.replaceAll(String(id), 'id').replace(/\b(29\d|300)\b/g, 'about 300') }
}

attack(144, 'passwords are compared whole', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  for (const length of [64, 72, 73, 1024]) {
    const password = 'p'.repeat(length - 1)
    const { username } = await service.addUser({ password: `${password}!` })
    const login = async (tried: string) =>
      (await tryLogin(service, { client, username, password: tried })).statusCode
    t.equal(await login(`${password}!`), 200, `${length} bytes`)
    for (const twin of [`${password}?`, password, `${password}! `, ` ${password}!`]) {
      t.equal(await login(twin), 400, `${length} bytes, but ${twin.slice(-3)}`)
    }
  }
})

attack(145, 'a flood of logins fills a short queue and nothing else', async (t) => {
  const env = { PASSWORD_CONCURRENCY: '1', PASSWORD_QUEUE_LIMIT: '5' }
  const service = await createTestService(t, { env })
  const { client, tokens } = await service.logIn()
  const user = await service.addUser()
  const flood = attempts(200, () => tryLogin(service, { client, ...user }))
  const refresh = await service.refresh(client, tokens.refresh_token)
  t.equal(refresh.statusCode, 200, 'a refresh stands in no queue')
  const answers = await Promise.all(flood)
  const full = answers.filter(({ statusCode }) => statusCode === 503)
  t.ok(full.length > 0 && full.every((answer) => Number(answer.headers['retry-after']) >= 1))
  t.ok(full.every((answer) => answer.json().reason === 'login_queue_full'))
  const served = answers.filter(({ statusCode }) => statusCode === 200)
  t.ok(served.length >= 6, `${served.length} were logged in`)
  t.equal(served.length + full.length, 200, 'there is no third answer')
})

attack(145, 'who is throttled takes nobody’s place in the queue', async (t) => {
  const env = { PASSWORD_CONCURRENCY: '1', PASSWORD_QUEUE_LIMIT: '0' }
  const service = await createTestService(t, { env })
  const client = await service.addClient()
  const { username } = await service.addUser()
  await statusesOf(10, () => tryLogin(service, { client, username }))
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  // Somebody's turn, which lasts until we say so.
  const gate = { pass: () => released, count: async () => {} }
  const turn = service.parts.passwords.verify(undefined, WRONG, gate)
  t.equal(summary(await tryLogin(service, { client, username })), THROTTLED)
  const other = await tryLogin(service, { client, username: 'nobody' })
  t.match(other.json(), { reason: 'login_queue_full' }, 'who is not throttled would have to wait')
  release()
  await turn
})

attack(146, 'spellings of a name are one account', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const { password } = await service.addUser({ username: 'admin' })
  for (const username of ['Admin', 'ADMIN', 'ａdmin', 'ⓐdmin']) {
    const { statusCode } = await tryLogin(service, { client, username, password })
    t.equal(statusCode, 200, username)
    await t.rejects(service.parts.registerUser(user(username), operator), username)
  }
  for (const username of ['admin ', ' admin', 'admin\u200b', 'ad\u00admin', 'admin\t']) {
    const answer = await tryLogin(service, { client, username, password })
    t.equal(summary(answer), '400 invalid_grant login_failed', JSON.stringify(username))
    await t.rejects(service.parts.registerUser(user(username), operator), JSON.stringify(username))
  }
})

const user = (username: string) => ({
  username,
  password: 'correct horse battery',
  roles: [],
  claims: {},
})

attack(
  148,
  'half-open connections hold up nobody, and are closed within ten seconds',
  async (t) => {
    const { app } = await createTestService(t)
    t.ok(app.server.headersTimeout > 0 && app.server.headersTimeout <= 9_000)
    t.ok(app.server.requestTimeout > 0 && app.server.requestTimeout <= 10_000)
    const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const sockets = await Promise.all(
      attempts(500, async () => {
        const socket = connect(Number(url.port), url.hostname)
        await once(socket, 'connect')
        socket.write('POST /token HTTP/1.1\r\nHost: x\r\n')
        return socket
      }),
    )
    const answer = await fetch(new URL('/.well-known/jwks.json', url))
    t.equal(answer.status, 200)
    t.match(await answer.json(), { keys: [] })
    for (const socket of sockets) socket.destroy()
  },
)

attack(149, 'refresh tokens that are none cost no query', async (t) => {
  const database = await createGatedDatabase(t)
  const service = await createTestService(t, { databaseUrl: database.url })
  const client = await service.addClient()
  await database.shut()
  const random = createSeededRandom(t.name)
  const forged = () => {
    const text = `mm_rt_${base64url(Buffer.concat([Buffer.from([1, 1]), random.bytes(36)]))}`
    return `${text}${base62(crc32(text))}`
  }
  const answers = await Promise.all(attempts(1000, () => service.refresh(client, forged())))
  const kinds = new Set(answers.map(summary))
  t.strictSame([...kinds], ['400 invalid_grant refresh_unknown'], 'answered without a database')
})

const statusOf = ({ statusCode }: LightMyRequestResponse) => statusCode
