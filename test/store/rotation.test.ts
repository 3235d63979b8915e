import t from 'tap'
import { sha256 } from '../../src/base/hash.ts'
import { connectDatabase } from '../../src/db/connect.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { createRefreshTokens } from '../../src/sessions/refresh-token.ts'
import { query } from '../support/database.ts'
import { createSeededRandom } from '../support/random.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'
import { atOnce, createSessions, tokenOf } from './fixtures/sessions.ts'

t.test('of ten that rotate at once one wins, and all get the same successor', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  let current = refreshToken
  for (let round = 1; round <= 20; round += 1) {
    const rotations = await atOnce(10, () => sessions.rotate(current))
    const outcomes = rotations.map(({ outcome }) => outcome).sort()
    t.strictSame(outcomes, [...Array(9).fill('retried'), 'rotated'], `round ${round}`)
    t.equal(new Set(rotations.map(tokenOf)).size, 1, 'one successor')
    current = tokenOf(rotations[0] as (typeof rotations)[0])
    t.match(await sessions.row(session.sid), { generation: round, ended_at: null })
  }
  t.equal((await query(sessions.url, 'select from sessions')).length, 1, 'no row was added')
  const row = await sessions.row(session.sid)
  t.match(row, { retries: 9, retries_before: 19 * 9 }, 'every retry was counted')
  const expected = [...Array(20).fill('refresh.retried'), 'session.started']
  const what = 'a rotation is no event, and its first retry is one'
  t.strictSame(await sessions.events(), expected, what)
})

t.test('a rotation is one statement outside a transaction', async (t) => {
  const sessions = await createSessions(t)
  const { refreshToken } = await sessions.start()
  const statements: string[] = []
  const { kysely, run } = sessions.database
  t.capture(sessions.database, 'run', (...given: Parameters<typeof run>) => {
    statements.push(given[0].text)
    return run(...given)
  })
  t.capture(kysely, 'selectFrom', () => t.fail('a second question was asked'))
  t.capture(kysely, 'transaction', () => t.fail('a transaction was begun'))
  t.capture(sessions.database, 'transaction', () => t.fail('a transaction was begun'))
  t.equal((await sessions.rotate(refreshToken)).outcome, 'rotated')
  t.equal(statements.length, 1)
  t.equal((await sessions.rotate('garbage')).outcome, 'unknown')
  t.equal((await sessions.rotate(refreshToken.replace(/.$/, '!'))).outcome, 'unknown')
  t.equal(statements.length, 1, 'what was not made here is refused without a question')
})

t.test('those who rotate at once share a statement', async (t) => {
  const sessions = await createSessions(t)
  const started = await atOnce(40, () => sessions.start())
  const { run } = sessions.database
  const { args } = t.capture(sessions.database, 'run', run)
  const rotations = await Promise.all(
    started.map(({ refreshToken }) => sessions.rotate(refreshToken)),
  )
  for (const { outcome } of rotations) t.equal(outcome, 'rotated')
  t.equal(args().length, 1, 'one for all of them')
})

t.test(
  'a session that somebody holds keeps up nobody else, and rotates when it is free',
  async (t) => {
    const sessions = await createSessions(t)
    const [held, free] = await atOnce(2, () => sessions.start())
    if (held === undefined || free === undefined) throw new Error('nothing was started')
    const other = connectDatabase({ url: sessions.url, poolSize: 1, onIdleError: () => {} })
    t.teardown(() => other.close())
    let isFree = false
    const waiting = await other.transaction(async (tx) => {
      await tx.selectFrom('sessions').where('id', '=', held.session.sid).forUpdate().execute()
      const late = sessions.rotate(held.refreshToken).then((rotation) => ({ rotation, isFree }))
      t.equal((await sessions.rotate(free.refreshToken)).outcome, 'rotated')
      t.notOk(isFree)
      isFree = true
      return [late]
    })
    t.match(await waiting[0], { rotation: { outcome: 'rotated' }, isFree: true })
    t.match(await sessions.row(held.session.sid), { generation: 1 })
  },
)

t.test('a rotation on a full page is heap-only: no index and no page is added', async (t) => {
  const sessions = await createSessions(t)
  const started = await atOnce(100, () => sessions.start())
  const size = "select pg_relation_size('sessions') as heap, pg_indexes_size('sessions') as indexes"
  const before = await query(sessions.url, size)
  // A few on each page, as many as its room takes: whether dead rows are pruned in time depends on
  // every other transaction of the server, and is no matter of ours.
  const rotated = started.filter((_, index) => index % 20 === 0)
  for (const { refreshToken } of rotated) {
    let current = refreshToken
    for (const round of [1, 2]) {
      // Every column that a rotation writes gets another value each time.
      sessions.clock.advance(1)
      const attemptHash = sha256(String(round))
      const origin = { requestId: undefined, address: `192.0.2.${round}`, userAgent: undefined }
      current = tokenOf(await sessions.rotate(current, { attemptHash, origin }))
    }
  }
  await sessions.database.close()
  const expected = rotated.length * 2
  let counted = await statistics(sessions.url)
  // What a connection has counted arrives a little after it is closed.
  for (let tries = 0; counted.updates < expected && tries < 1000; tries += 1) {
    counted = await statistics(sessions.url)
  }
  t.strictSame(counted, { updates: expected, hot: expected })
  t.strictSame(await query(sessions.url, size), before)
})

async function statistics(url: string): Promise<{ updates: number; hot: number }> {
  const [row] = await query(
    url,
    `select n_tup_upd as updates, n_tup_hot_upd as hot
    from pg_stat_user_tables where relname = 'sessions'`,
  )
  return { updates: Number(row?.updates ?? 0), hot: Number(row?.hot ?? 0) }
}

t.test('a rotation writes down when, from where and until when, and no more', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start({ maxTtlSeconds: 100 })
  const before = await sessions.row(session.sid)
  sessions.clock.advance(10)
  const attemptHash = sha256('a key')
  await sessions.rotate(refreshToken, {
    attemptHash,
    idleTtlSeconds: 500,
    origin: { requestId: 'r', address: '192.0.2.9', userAgent: 'other' },
  })
  const at = new Date(sessions.clock.now())
  t.strictSame(await sessions.row(session.sid), {
    ...before,
    generation: 1,
    rotated_at: at,
    last_used_at: at,
    attempt_hash: attemptHash,
    idle_expires_at: new Date(session.expiresAt),
    address: '192.0.2.9',
  })
})

t.test('what is wrong with a refresh is told, and changes nothing', async (t) => {
  const sessions = await createSessions(t)
  await sessions.newClient('other')
  const { session, refreshToken } = await sessions.start()
  const before = await sessions.row(session.sid)
  const outcome = async (more: Parameters<typeof sessions.rotate>[1]) =>
    (await sessions.rotate(refreshToken, more)).outcome
  t.equal(await outcome({ clientId: 'other' }), 'wrong_client')
  t.equal(await outcome({ scope: ['read', 'admin'] }), 'exceeds_grant')
  t.equal(await outcome({ resources: ['urn:billing'] }), 'exceeds_grant')
  const noted = { ...before, refusals: 1, refusals_since: new Date(sessions.clock.now()) }
  t.strictSame(await sessions.row(session.sid), noted, 'but that it was noted')
  t.strictSame(await sessions.events(), ['refresh.client_mismatch', 'session.started'])
  const masterKeys = createMasterKeys([TEST_MASTER_KEY])
  const random = createSeededRandom('a handle that no session has')
  const { value } = createRefreshTokens({ masterKeys, random }).draw()
  t.equal((await sessions.rotate(value)).outcome, 'unknown')
  t.equal(await outcome({ scope: ['read'], resources: ['urn:orders'] }), 'rotated')
})

t.test('the ends by age come at their millisecond', async (t) => {
  const sessions = await createSessions(t)
  const idle = await sessions.start({ idleTtlSeconds: 60 })
  const short = await sessions.start({ idleTtlSeconds: 500, maxTtlSeconds: 120 })
  sessions.clock.advance(59.999)
  const renewed = tokenOf(await sessions.rotate(idle.refreshToken, { idleTtlSeconds: 60 }))
  sessions.clock.advance(60)
  t.strictSame(await sessions.rotate(renewed), { outcome: 'expired', end: 'idle' })
  t.equal((await sessions.rotate(short.refreshToken)).outcome, 'rotated')
  sessions.clock.advance(0.001)
  t.strictSame(await sessions.rotate(short.refreshToken), { outcome: 'expired', end: 'max' })
})

t.test('reuse ends that one session, and both are kept together', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  const bystander = await sessions.start()
  let current = refreshToken
  for (let n = 0; n < 4; n += 1) current = tokenOf(await sessions.rotate(current))
  const thief = { requestId: 'r-1', address: '203.0.113.7', userAgent: 'curl' }
  const answers = await atOnce(5, () => sessions.rotate(refreshToken, { origin: thief }))
  const outcomes = answers.map(({ outcome }) => outcome).sort()
  t.strictSame(outcomes.at(-1), 'reused')
  t.ok(outcomes.every((one) => one === 'reused' || one === 'ended'))
  t.equal(outcomes.filter((one) => one === 'reused').length, 1, 'it is ended once')
  t.match(await sessions.row(session.sid), { generation: 4, end_reason: 'refresh_reused' })
  t.strictSame(await sessions.rotate(current), { outcome: 'ended', reason: 'refresh_reused' })
  const events = await query(sessions.url, "select * from events where type = 'refresh.reused'")
  t.equal(events.length, 1)
  t.match(events[0], {
    sid: session.sid,
    sub: sessions.sub,
    client_id: 'web',
    address: '203.0.113.7',
    request_id: 'r-1',
    user_agent: 'curl',
    detail: { generation: 4, presented: 0, lastAddress: '192.0.2.1' },
  })
  t.equal((await sessions.rotate(bystander.refreshToken)).outcome, 'rotated', 'the other lives')
})

t.test('a database restored to an earlier point logs nobody out', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  let current = refreshToken
  for (let n = 0; n < 5; n += 1) current = tokenOf(await sessions.rotate(current))
  await query(sessions.url, 'update sessions set generation = 2')
  const answers = await atOnce(10, () => sessions.rotate(current))
  t.equal(new Set(answers.map(tokenOf)).size, 1)
  t.equal(answers.filter(({ outcome }) => outcome === 'ahead').length, 1)
  t.equal(answers.filter(({ outcome }) => outcome === 'retried').length, 9)
  t.match(await sessions.row(session.sid), { generation: 6, ended_at: null })
  t.equal((await sessions.rotate(tokenOf(answers[0] as never))).outcome, 'rotated')
  const ahead = (await sessions.events()).filter((type) => type === 'refresh.ahead')
  t.equal(ahead.length, 1)
})
