import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import t from 'tap'
import { base62 } from '../../src/base/encoding.ts'
import type { MasterKey } from '../../src/config/master-keys.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { createRefreshTokens } from '../../src/sessions/refresh-token.ts'
import { createExamineRefreshToken } from '../../src/tokens/examine-refresh-token.ts'
import { countRows, postRaw, readEvents, summary } from '../support/answer.ts'
import { query } from '../support/database.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { createSeededRandom } from '../support/random.ts'
import { createTestService, type TestService, type Tokens } from '../support/service.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'

const UNKNOWN = '400 invalid_grant refresh_unknown'
const MISSING = '503 temporarily_unavailable master_key_missing'
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const CHECKSUM = 6

/** The value with another body and a checksum that is right for it. */
const withBody = (text: string) => `${text}${base62(crc32(text))}`
const fromBytes = (bytes: Buffer) => withBody(`mm_rt_${bytes.toString('base64url')}`)
const bytesOf = (value: string) => Buffer.from(value.slice(6, -CHECKSUM), 'base64url')

/** What stands in the row of the one session that must not have moved. */
const untouched = async (service: TestService) =>
  (await query(service.databaseUrl, 'select generation, ended_at from sessions'))[0]

t.test('a value with any one character changed is refused', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  const { refresh_token: value } = tokens
  t.match(value, /^mm_rt_[A-Za-z0-9_-]{51}[0-9A-Za-z]{6}$/)
  const flip = (text: string, index: number) => {
    const other = BASE64URL[(BASE64URL.indexOf(text.charAt(index)) + 1) % 64]
    return `${text.slice(0, index)}${other}${text.slice(index + 1)}`
  }
  for (let index = 0; index < value.length; index += 1) {
    const flipped = flip(value, index)
    t.equal(summary(await service.refresh(client, flipped)), UNKNOWN, `character ${index}`)
    if (index >= value.length - CHECKSUM) continue
    const repaired = withBody(flipped.slice(0, -CHECKSUM))
    const answer = await service.refresh(client, repaired)
    // The eighth character is of the master key's id: another replica may have that key.
    const expected = index === 7 ? MISSING : UNKNOWN
    t.equal(summary(answer), expected, `character ${index}, with a checksum that is right`)
  }
  t.strictSame(await untouched(service), { generation: 0, ended_at: null })
  t.equal(await countRows(service, 'events'), 1, 'no event but the login')
  t.equal(summary(await service.refresh(client, value)), '200')
})

t.test('a value in any other spelling is refused', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  const { refresh_token: value, access_token } = tokens
  const bytes = bytesOf(value)
  for (const [what, other] of Object.entries({
    'trailing space': `${value} `,
    'leading space': ` ${value}`,
    'line break': `${value}\n`,
    'upper case': value.toUpperCase(),
    truncated: value.slice(0, -1),
    'longer by one': `${value}0`,
    twice: value + value,
    'without prefix': value.slice(6),
    'another prefix': withBody(value.slice(0, -CHECKSUM).replace('mm_rt_', 'mm_at_')),
    'padded base64': withBody(`${value.slice(0, -CHECKSUM)}=`),
    'no checksum': value.slice(0, -CHECKSUM),
    'a byte more': fromBytes(Buffer.concat([bytes, Buffer.alloc(1)])),
    'a byte less': fromBytes(bytes.subarray(0, -1)),
    empty: 'mm_rt_',
    'an access token': access_token,
    'a client secret': 'mm_cs_AAAA',
    'eight kilobytes': `mm_rt_${'A'.repeat(8192)}`,
    'another alphabet': `mm_rt_${'é'.repeat(57)}`,
  })) {
    t.equal(summary(await service.refresh(client, other)), UNKNOWN, what)
  }
  t.strictSame(await untouched(service), { generation: 0, ended_at: null })
})

t.test('neither the database nor the master key alone makes a value', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  const { refresh_token: value } = tokens
  const handle = bytesOf(value).subarray(2, 18)
  const [row] = await query(service.databaseUrl, 'select handle_hash from sessions')
  const hash = row?.handle_hash as Buffer
  const drawWith = (key: { id: number; key: Buffer }, drawn: Buffer) =>
    createRefreshTokens({
      masterKeys: createMasterKeys([key]),
      random: { bytes: () => drawn },
    }).draw().value

  t.equal(drawWith(TEST_MASTER_KEY, handle), value, 'both together do')
  const otherKey = { id: 1, key: Buffer.alloc(32, 7) }
  for (const [what, forged] of Object.entries({
    'the hash as it lies in the row': hash.toString('hex'),
    'the hash in base64url': withBody(`mm_rt_${hash.toString('base64url')}`),
    'the hash for a handle, under the right key': drawWith(TEST_MASTER_KEY, hash.subarray(0, 16)),
    'a handle drawn by somebody else, under the right key': drawWith(
      TEST_MASTER_KEY,
      randomBytes(16),
    ),
    'the right handle under another master key': drawWith(otherKey, handle),
  })) {
    t.equal(summary(await service.refresh(client, forged)), UNKNOWN, what)
  }
  for (const [what, forged] of Object.entries({
    'a sibling of the value under another key id': drawWith({ ...otherKey, id: 2 }, handle),
    'the right key under an id that nobody has': drawWith({ ...TEST_MASTER_KEY, id: 9 }, handle),
  })) {
    t.equal(summary(await service.refresh(client, forged)), MISSING, what)
  }
  const dump = await query(service.databaseUrl, 'select s::text as row from sessions s')
  t.equal(JSON.stringify(dump).includes(handle.toString('hex')), false, 'no handle in the row')
  t.equal(JSON.stringify(service.log).includes(value.slice(6, 30)), false, 'nor in the log')
  t.equal(summary(await service.refresh(client, value)), '200')
})

t.test('garbage does not reach the sessions', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  const rename = (from: string, to: string) =>
    query(service.databaseUrl, `alter table ${from} rename to ${to}`)
  await rename('sessions', 'sessions_away')
  const bytes = bytesOf(tokens.refresh_token)
  for (const garbage of ['x', 'mm_rt_x', tokens.access_token, fromBytes(bytes.fill(1, 22))]) {
    t.equal(summary(await service.refresh(client, garbage)), UNKNOWN, garbage.slice(0, 8))
    const logout = await service.post('/logout', { refresh_token: garbage })
    t.equal(logout.statusCode, 204)
  }
  const real = await service.refresh(client, tokens.refresh_token)
  t.equal(real.statusCode, 503, 'a real one would have been looked up')
  await rename('sessions_away', 'sessions')
  t.equal(summary(await service.refresh(client, tokens.refresh_token)), '200')
})

t.test('garbage is judged by arithmetic alone, even while the database is away', async (t) => {
  const gate = await createGatedDatabase(t)
  const service = await createTestService(t, { databaseUrl: gate.url })
  const { tokens } = await service.logIn()
  await gate.shut()
  const logOut = (refresh_token: string) => service.post('/logout', { refresh_token })
  t.equal(summary(await logOut('mm_rt_garbage')), '204')
  t.equal(
    summary(await logOut(tokens.refresh_token)),
    '503 temporarily_unavailable database_unavailable',
    'of a real one nobody is told that it is logged out',
  )
})

t.test('the client of another session is refused, and that session lives', async (t) => {
  const service = await createTestService(t)
  const { client, tokens, sub } = await service.logIn()
  const other = await service.addClient()
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const answer = await service.refresh(other, tokens.refresh_token)
    t.equal(summary(answer), '400 invalid_grant client_mismatch')
  }
  const events = await readEvents(service, 'refresh.client_mismatch')
  t.equal(events.length, 3)
  const detail = { presentedBy: other.clientId }
  t.match(events[0], { sub, client_id: client.clientId, detail })
  t.equal(summary(await service.refresh(client, tokens.refresh_token)), '200')
  await service.refresh(other, tokens.refresh_token)
  t.strictSame(await untouched(service), { generation: 1, ended_at: null }, 'old values neither')
})

t.test('a new first master key issues, and the one before it still verifies', async (t) => {
  const old = await createTestService(t)
  const { client, tokens } = await old.logIn()
  const first = `2:${randomBytes(32).toString('base64')}`
  const MASTER_KEYS = `${first},1:${TEST_MASTER_KEY.key.toString('base64')}`
  const renewed = await createTestService(t, { beside: old, env: { MASTER_KEYS }, seed: 'renewed' })
  const answer = await renewed.refresh(client, tokens.refresh_token)
  t.equal(summary(answer), '200')
  const { refresh_token } = answer.json<Tokens>()
  t.equal(bytesOf(tokens.refresh_token)[1], 1)
  t.equal(bytesOf(refresh_token)[1], 2, 'the value names the key that it was made under')
  t.equal(summary(await renewed.refresh(client, refresh_token)), '200')
  const newest = await renewed.refresh(client, refresh_token)

  const { log } = old
  log.length = 0
  const form = { refresh_token, client_id: client.clientId }
  const asker = await old.addClient({ authenticationMethod: 'client_secret_basic' })
  // Without the sessions: what a replica does not know of is not looked up.
  const rename = (from: string, to: string) =>
    query(old.databaseUrl, `alter table ${from} rename to ${to}`)
  await rename('sessions', 'sessions_away')
  for (const answer of [
    await old.refresh(client, refresh_token),
    await old.post('/refresh', form),
    await old.post('/logout', form),
    await old.post('/revoke', { token: refresh_token }, asker.basic),
    await old.post('/introspect', { token: refresh_token }, asker.basic),
  ]) {
    t.equal(summary(answer), MISSING, 'where key 2 is not known, nobody loses a session')
    t.equal(answer.headers['retry-after'], '2')
  }
  const lines = log.filter((line) => line.includes('request failed'))
  t.equal(lines.length, 5)
  for (const line of lines) t.match(JSON.parse(line), { level: 50, err: { message: /with id 2,/ } })
  await rename('sessions_away', 'sessions')
  const last = newest.json<Tokens>().refresh_token
  t.equal(summary(await renewed.refresh(client, last)), '200', 'and the session lives')

  const saidUnder = async (...list: MasterKey[]) => {
    const masterKeys = createMasterKeys(list)
    const random = createSeededRandom('examined')
    const refreshTokens = createRefreshTokens({ masterKeys, random })
    const { database, clock } = old.parts
    const options = { db: database.kysely, clock, masterKeys, refreshTokens }
    const [, signature] = await createExamineRefreshToken(options)(last)
    return `${signature?.outcome}: ${signature?.actual}`
  }
  t.match(await saidUnder(TEST_MASTER_KEY), /^failed: .* key 2, .* answers master_key_missing$/)
  const gone = { id: 2, key: 'retired' } as const
  t.match(
    await saidUnder(TEST_MASTER_KEY, gone),
    /^failed: it names master key 2, which is retired/,
  )

  const env = { MASTER_KEYS: `${first},1:retired` }
  const retired = await createTestService(t, { beside: old, env, seed: 'retired' }).catch(String)
  t.match(retired, /id 1 is retired/, 'what is sealed under a retired key does not open')
})

t.test('/refresh is the same grant, as a form and as JSON', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  const { clientId: client_id } = client
  const json = await postRaw(
    service,
    '/refresh',
    JSON.stringify({ refresh_token: tokens.refresh_token, client_id }),
    'application/json',
  )
  t.equal(json.headers['refresh-outcome'], 'rotated')
  const { refresh_token } = json.json<Tokens>()
  const form = await service.post('/refresh', { refresh_token: tokens.refresh_token, client_id })
  t.equal(form.headers['refresh-outcome'], 'retried')
  t.equal(form.json<Tokens>().refresh_token, refresh_token)
  const named = { grant_type: 'password', refresh_token, client_id }
  t.equal(
    (await service.post('/refresh', named)).headers['refresh-outcome'],
    'rotated',
    'grant_type is an unknown parameter here',
  )
  const missing = await service.post('/refresh', { client_id })
  t.equal(summary(missing), '400 invalid_request parameter_missing')
})

t.test('/logout ends the session by any of its values, and twice is fine', async (t) => {
  const service = await createTestService(t)
  const { client, tokens } = await service.logIn()
  const rotated = (await service.refresh(client, tokens.refresh_token)).json<Tokens>()
  for (const refresh_token of [tokens.refresh_token, rotated.refresh_token, 'garbage']) {
    const answer = await service.post('/logout', { refresh_token })
    t.equal(answer.statusCode, 204)
    t.equal(answer.body, '')
  }
  t.equal(
    summary(await service.refresh(client, rotated.refresh_token)),
    '400 invalid_grant session_revoked',
  )
  const events = await readEvents(service, 'session.ended')
  t.equal(events.length, 1, 'it ended once')
  t.match(events[0], { detail: { reason: 'logged_out' } })
  t.equal(summary(await service.post('/logout', {})), '400 invalid_request parameter_missing')
})
