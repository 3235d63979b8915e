import t from 'tap'
import { noOrigin } from '../../src/audit/event.ts'
import { sha256 } from '../../src/base/hash.ts'
import { DatabaseUnavailable } from '../../src/db/failure.ts'
import { query } from '../support/database.ts'
import { atOnce, createSessions, tokenOf } from './fixtures/sessions.ts'

const HOUR = 3600

t.test('late retries at once spend one recovery, and nobody is logged out', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  const successor = tokenOf(await sessions.rotate(refreshToken))
  for (const spent of [1, 2]) {
    sessions.clock.advance(HOUR)
    const answers = await atOnce(20, () => sessions.rotate(refreshToken))
    t.strictSame([...new Set(answers.map(tokenOf))], [successor], 'the same successor as ever')
    const recovered = answers.filter(({ outcome }) => outcome === 'recovered')
    t.equal(recovered.length, 1, `recovery ${spent}: one of them spent it`)
    t.equal(answers.filter(({ outcome }) => outcome === 'retried').length, 19)
    const expected = { generation: 1, recoveries: spent, ended_at: null }
    t.match(await sessions.row(session.sid), expected)
  }
  const events = await query(
    sessions.url,
    "select detail from events where type = 'refresh.recovered'",
  )
  t.strictSame(
    events.map(({ detail }) => detail),
    [1, 2].map((hours) => ({ generation: 1, lostForSeconds: hours * HOUR })),
  )
  t.equal((await sessions.rotate(successor)).outcome, 'rotated', 'the chain goes on')
})

t.test('the third late retry in a day is reuse, and ends the session', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  const successor = tokenOf(await sessions.rotate(refreshToken))
  const outcomes: string[] = []
  for (let n = 0; n < 3; n += 1) {
    sessions.clock.advance(HOUR)
    outcomes.push((await sessions.rotate(refreshToken)).outcome)
  }
  t.strictSame(outcomes, ['recovered', 'recovered', 'reused'])
  t.match(await sessions.row(session.sid), { end_reason: 'refresh_reused' })
  t.strictSame(await sessions.rotate(successor), { outcome: 'ended', reason: 'refresh_reused' })
})

t.test(
  'a recovery gives the next one no more time: a day after the rotation it is reuse',
  async (t) => {
    const sessions = await createSessions(t)
    const { session, refreshToken } = await sessions.start()
    await sessions.rotate(refreshToken)
    sessions.clock.advance(23 * HOUR)
    t.equal((await sessions.rotate(refreshToken)).outcome, 'recovered')
    sessions.clock.advance(2 * HOUR)
    t.equal((await sessions.rotate(refreshToken)).outcome, 'reused')
    t.match(await sessions.row(session.sid), { end_reason: 'refresh_reused' })
  },
)

t.test('the budget counts over rotations, and is new after a day', async (t) => {
  const sessions = await createSessions(t)
  let { refreshToken: current } = await sessions.start()
  const loseAnswer = async () => {
    await sessions.rotate(current)
    sessions.clock.advance(HOUR)
    const answer = await sessions.rotate(current)
    if ('refreshToken' in answer) current = answer.refreshToken
    return answer.outcome
  }
  t.strictSame([await loseAnswer(), await loseAnswer()], ['recovered', 'recovered'])
  sessions.clock.advance(23 * HOUR)
  t.equal(await loseAnswer(), 'recovered', '24 hours after the first')
  t.equal(await loseAnswer(), 'recovered')
  t.equal(await loseAnswer(), 'reused')
})

t.test('a thief who shares the chain spends a recovery at every turn', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  let [owner, thief] = [refreshToken, refreshToken]
  const outcomes: string[] = []
  for (let turn = 0; turn < 10; turn += 1) {
    const answer = await sessions.rotate(turn % 2 === 0 ? owner : thief)
    outcomes.push(answer.outcome)
    if (!('refreshToken' in answer)) break
    if (turn % 2 === 0) owner = answer.refreshToken
    else thief = answer.refreshToken
    sessions.clock.advance(60)
  }
  t.equal(outcomes.at(-1), 'reused')
  t.strictSame(outcomes.filter((one) => one === 'recovered').length, 2)
  t.match(await sessions.row(session.sid), { end_reason: 'refresh_reused' })
})

t.test('whoever always follows within the retry window is taken for a retry', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  let current = refreshToken
  for (let turn = 0; turn < 10; turn += 1) {
    const owner = await sessions.rotate(current)
    sessions.clock.advance(20)
    const shadow = await sessions.rotate(current)
    t.strictSame([owner.outcome, shadow.outcome], ['rotated', 'retried'])
    current = tokenOf(owner)
    sessions.clock.advance(540)
  }
  t.match(await sessions.row(session.sid), { generation: 10, recoveries: 0, ended_at: null })
})

t.test('with the same Idempotency-Key a lost answer costs nothing', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  const attempt = { attemptHash: sha256('key-1') }
  const successor = tokenOf(await sessions.rotate(refreshToken, attempt))
  for (let n = 0; n < 5; n += 1) {
    sessions.clock.advance(4 * HOUR)
    const answer = await sessions.rotate(refreshToken, attempt)
    t.strictSame([answer.outcome, tokenOf(answer)], ['retried', successor])
  }
  t.match(await sessions.row(session.sid), { generation: 1, recoveries: 0, retries: 5 })
  t.strictSame(await sessions.events(), ['refresh.retried', 'session.started'])
  const other = { attemptHash: sha256('key-2') }
  t.equal((await sessions.rotate(refreshToken, other)).outcome, 'reused')
})

t.test('where recovery is denied, a late retry is reuse', async (t) => {
  const sessions = await createSessions(t, { recovery: 'deny' })
  const { refreshToken } = await sessions.start()
  await sessions.rotate(refreshToken)
  sessions.clock.advance(30)
  t.equal((await sessions.rotate(refreshToken)).outcome, 'retried')
  sessions.clock.advance(0.001)
  t.equal((await sessions.rotate(refreshToken)).outcome, 'reused')
})

t.test('an old tab is told that it is stale, and the session lives', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  const second = tokenOf(await sessions.rotate(refreshToken))
  const third = tokenOf(await sessions.rotate(second))
  const before = await sessions.row(session.sid)
  sessions.clock.advance(30)
  const answers = await atOnce(10, () => sessions.rotate(refreshToken))
  t.ok(answers.every(({ outcome }) => outcome === 'stale'))
  const noted = { ...before, refusals: 10, refusals_since: new Date(sessions.clock.now()) }
  t.strictSame(await sessions.row(session.sid), noted, 'but that it was noted')
  t.equal((await sessions.rotate(third)).outcome, 'rotated')
})

t.test('a recovery whose commit was not heard of is its own, and no second use', async (t) => {
  for (const what of ['recovered', 'ahead'] as const) {
    const sessions = await createSessions(t, { retryWindowSeconds: 0 })
    const { session, refreshToken } = await sessions.start()
    const successor = tokenOf(await sessions.rotate(refreshToken))
    const restored = 'update sessions set generation = 0, rotated_at = null'
    if (what === 'ahead') await query(sessions.url, restored)
    sessions.clock.advance(HOUR)
    const { database } = sessions
    const { transaction } = database
    let lost = 2
    database.transaction = async (work) => {
      const result = await transaction(work)
      lost -= 1
      if (lost >= 0) throw new DatabaseUnavailable(new Error('ECONNRESET'), true)
      return result
    }
    const presented = what === 'ahead' ? successor : refreshToken
    const answer = await sessions.rotate(presented)
    t.equal(answer.outcome, what === 'ahead' ? 'rotated' : 'recovered')
    t.match(await sessions.row(session.sid), {
      ended_at: null,
      recoveries: what === 'ahead' ? 0 : 1,
    })
    t.equal((await sessions.rotate(tokenOf(answer))).outcome, 'rotated', 'the chain goes on')
  }
})

t.test(
  'of the refusals in an hour the first are written down, those of others apart',
  async (t) => {
    const sessions = await createSessions(t)
    const { refreshToken } = await sessions.start()
    await sessions.rotate(tokenOf(await sessions.rotate(refreshToken)))
    const noted = async () =>
      (await sessions.events()).filter((type) => type === 'refresh.refused').length
    for (let n = 0; n < 3; n += 1) await atOnce(10, () => sessions.rotate(refreshToken))
    t.equal(await noted(), 20)
    t.equal((await sessions.rotate(refreshToken, { clientId: 'other' })).outcome, 'wrong_client')
    t.ok((await sessions.events()).includes('refresh.client_mismatch'), 'whoever it is')
    await sessions.endSessions.end({ sub: sessions.sub }, 'logged_out', {
      by: 'x',
      origin: noOrigin,
    })
    sessions.clock.advance(HOUR)
    t.equal((await sessions.rotate(refreshToken)).outcome, 'ended')
    t.equal(await noted(), 21, 'the next hour begins anew')
  },
)
