import t, { type Test } from 'tap'
import { endReasons, noOrigin } from '../../src/audit/event.ts'
import { claimsOf, readEvents, summary } from '../support/answer.ts'
import { query } from '../support/database.ts'
import {
  createTestService,
  type ServiceOptions,
  type TestService,
  type Tokens,
} from '../support/service.ts'

const REUSED = '400 invalid_grant refresh_reused'
const STALE = '400 invalid_grant refresh_stale'

/** A session, and what tests do with its values. */
async function start(t: Test, options: ServiceOptions = {}) {
  const service = await createTestService(t, options)
  const client = await service.addClient()
  const { tokens, sub } = await service.logIn(client)
  const sid = claimsOf(tokens.access_token).sid as string
  const refresh = (value: string, headers: Record<string, string> = {}) =>
    service.post(
      '/token',
      { grant_type: 'refresh_token', refresh_token: value, client_id: client.clientId },
      headers,
    )
  /** Presents a value; answers with what came of it and the value to present next. */
  const present = async (value: string, headers?: Record<string, string>) => {
    const answer = await refresh(value, headers)
    const outcome = answer.headers['refresh-outcome'] as string | undefined
    return {
      outcome: outcome ?? summary(answer),
      next: (answer.json() as Partial<Tokens>).refresh_token,
    }
  }
  /** The first value and its `count` successors, each the answer to the one before. */
  const chain = async (count: number): Promise<string[]> => {
    const values = [tokens.refresh_token]
    for (let index = 0; index < count; index += 1) {
      const { outcome, next } = await present(values[index] as string)
      if (outcome !== 'rotated') throw new Error(`not rotated but ${outcome}`)
      values.push(next as string)
    }
    return values
  }
  return { service, client, sub, sid, tokens, present, chain }
}

const rowOf = async (service: TestService) =>
  (
    await query(
      service.databaseUrl,
      'select generation, recoveries, ended_at, end_reason from sessions',
    )
  )[0]

t.test('the current value is rotated: a new value, the same session', async (t) => {
  const { service, sid, tokens, present, chain } = await start(t)
  const [first, second, third] = await chain(2)
  t.equal(new Set([first, second, third]).size, 3)
  const { outcome } = await present(third as string)
  t.equal(outcome, 'rotated')
  t.match(await rowOf(service), { generation: 3, ended_at: null })
  t.equal(first, tokens.refresh_token)
  const events = await query(service.databaseUrl, 'select type from events where sid = $1', [sid])
  t.strictSame(events, [{ type: 'session.started' }], 'an ordinary rotation is no event')
})

t.test('within the window the predecessor gets the same successor, again and again', async (t) => {
  const { service, present, chain } = await start(t)
  const [first = '', second] = await chain(1)
  for (let attempt = 0; attempt < 3; attempt += 1) {
    service.clock.advance(10)
    t.strictSame(await present(first), { outcome: 'retried', next: second }, `${attempt}`)
  }
  service.clock.advance(1)
  const late = await present(first)
  t.equal(late.outcome, 'recovered', 'a retry does not prolong the window')
  t.match(await rowOf(service), { generation: 1 })
})

t.test('a retry after the window is recovered twice a day, and no third time', async (t) => {
  const { service, sid, sub, client, present, chain } = await start(t)
  const [first = '', second] = await chain(1)
  service.clock.advance(31)
  t.strictSame(await present(first), { outcome: 'recovered', next: second })
  t.match(await rowOf(service), { generation: 1, recoveries: 1 })
  t.strictSame(await readEvents(service, 'refresh.recovered'), [
    { sid, sub, client_id: client.clientId, detail: { generation: 1, lostForSeconds: 31 } },
  ])
  service.clock.advance(31)
  t.strictSame(await present(first), { outcome: 'recovered', next: second })
  service.clock.advance(31)
  t.equal((await present(first)).outcome, REUSED)
  t.match(await rowOf(service), { end_reason: 'refresh_reused' })
  t.equal((await present(second as string)).outcome, REUSED, 'the successor is dead as well')
})

t.test('the budget is one of the session, and new after 24 hours to the second', async (t) => {
  for (const [seconds, expected] of [
    [24 * 3600, 'recovered'],
    [24 * 3600 - 1, REUSED],
  ] as const) {
    const { service, present, chain } = await start(t, { seed: expected })
    const lose = async (value: string) => {
      const { next = '' } = await present(value)
      service.clock.advance(31)
      t.strictSame(await present(value), { outcome: 'recovered', next })
      return next
    }
    const [first = ''] = await chain(0)
    const second = await lose(first)
    const third = await lose(second)
    // Refreshed 31 s after the first recovery, from which the day is counted.
    await present(third)
    service.clock.advance(seconds - 31)
    t.equal((await present(third)).outcome, expected, `a third one after ${seconds} s`)
  }
})

t.test('the recovery window ends the day after, to the second', async (t) => {
  const inside = await start(t)
  const [first = ''] = await inside.chain(1)
  inside.service.clock.advance(24 * 3600)
  t.equal((await inside.present(first)).outcome, 'recovered')
  const outside = await start(t, { seed: 'outside' })
  const [other = ''] = await outside.chain(1)
  outside.service.clock.advance(24 * 3600 + 1)
  t.equal((await outside.present(other)).outcome, REUSED)
})

t.test('the windows are configured', async (t) => {
  for (const [what, env, seconds, expected] of [
    ['a longer retry window', { REFRESH_RETRY_WINDOW: '1m' }, 60, 'retried'],
    ['its end', { REFRESH_RETRY_WINDOW: '1m' }, 61, 'recovered'],
    ['a shorter recovery window', { REFRESH_RECOVERY_WINDOW: '1m' }, 61, REUSED],
    ['no recovery', { REFRESH_RECOVERY: 'deny' }, 31, REUSED],
    ['no recovery, yet a retry', { REFRESH_RECOVERY: 'deny' }, 30, 'retried'],
    ['no window', { REFRESH_RETRY_WINDOW: '0s', REFRESH_RECOVERY: 'deny' }, 0, REUSED],
    ['no retry window, yet recovery', { REFRESH_RETRY_WINDOW: '0s' }, 0, 'recovered'],
  ] as const) {
    const { service, present, chain } = await start(t, { env, seed: what })
    const [first = ''] = await chain(1)
    service.clock.advance(seconds)
    t.equal((await present(first)).outcome, expected, what)
  }
})

t.test('an Idempotency-Key makes a retry hold for a day, whatever the budget', async (t) => {
  const { service, tokens, present } = await start(t, { env: { REFRESH_RECOVERY: 'deny' } })
  const key = { 'idempotency-key': '5d0f7c1e-attempt-1' }
  const { next } = await present(tokens.refresh_token, key)
  for (const seconds of [31, 3600, 3600, 79_169]) {
    service.clock.advance(seconds)
    const retried = { outcome: 'retried', next }
    t.strictSame(await present(tokens.refresh_token, key), retried, `${seconds} s later`)
  }
  service.clock.advance(1)
  t.equal((await present(tokens.refresh_token, key)).outcome, REUSED, 'past the recovery window')
})

t.test('another Idempotency-Key proves that it is another request', async (t) => {
  const { service, tokens, present } = await start(t)
  const { next } = await present(tokens.refresh_token, { 'idempotency-key': 'one' })
  const within = await present(tokens.refresh_token, { 'idempotency-key': 'two' })
  t.strictSame(within, { outcome: 'retried', next }, 'within the window it does not matter')
  service.clock.advance(31)
  const late = await present(tokens.refresh_token, { 'idempotency-key': 'two' })
  t.equal(late.outcome, REUSED)
})

t.test('a key that was not sent again leaves the ordinary recovery', async (t) => {
  const { service, tokens, present } = await start(t)
  const { next } = await present(tokens.refresh_token, { 'idempotency-key': 'one' })
  service.clock.advance(31)
  t.strictSame(await present(tokens.refresh_token), { outcome: 'recovered', next })
  const [row] = await query(service.databaseUrl, 'select s::text as session from sessions s')
  t.notMatch(row?.session, 'one', 'the key itself is not kept')
})

t.test('an Idempotency-Key that cannot be one is refused before anything moves', async (t) => {
  const { service, tokens, present } = await start(t)
  for (const key of ['', 'a b', 'é', 'x'.repeat(256), 'a\tb']) {
    const { outcome } = await present(tokens.refresh_token, { 'idempotency-key': key })
    t.equal(outcome, '400 invalid_request idempotency_key_invalid', JSON.stringify(key))
  }
  t.match(await rowOf(service), { generation: 0 })
  const longest = { 'idempotency-key': 'x'.repeat(255) }
  t.equal((await present(tokens.refresh_token, longest)).outcome, 'rotated')
})

t.test('older values: stale while the window is open, reuse after it or too old', async (t) => {
  for (const [distance, seconds, expected] of [
    [2, 0, STALE],
    [2, 30, STALE],
    [3, 0, STALE],
    [3, 30, STALE],
    [2, 31, REUSED],
    [3, 31, REUSED],
    [4, 0, REUSED],
    [5, 0, REUSED],
  ] as const) {
    const what = `${distance} generations, ${seconds} s after the rotation`
    const { service, sid, sub, client, present, chain } = await start(t, { seed: what })
    const values = await chain(distance)
    service.clock.advance(seconds)
    t.equal((await present(values[0] as string)).outcome, expected, what)
    const after = await present(values[distance] as string)
    if (expected === STALE) {
      t.equal(after.outcome, 'rotated', `${what}: the session lives`)
      continue
    }
    t.equal(after.outcome, REUSED, `${what}: the session is ended`)
    t.match(await rowOf(service), { generation: distance, end_reason: 'refresh_reused' })
    const lastAddress = '127.0.0.1'
    t.strictSame(
      await readEvents(service, 'refresh.reused'),
      [
        {
          sid,
          sub,
          client_id: client.clientId,
          detail: { generation: distance, presented: 0, lastAddress },
        },
      ],
      `${what}: one event, however often it is presented`,
    )
  }
})

t.test('reuse ends that one session and no other of the user', async (t) => {
  const { service, client, present, chain } = await start(t)
  const { username, password } = await service.addUser()
  const login = { grant_type: 'password', username, password, client_id: client.clientId }
  const other = (await service.post('/token', login)).json<Tokens>()
  const values = await chain(4)
  t.equal((await present(values[0] as string)).outcome, REUSED)
  t.equal((await present(other.refresh_token)).outcome, 'rotated')
})

t.test('a value from after a restored backup is accepted, and the chain goes on', async (t) => {
  const { service, sid, sub, client, present, chain } = await start(t)
  const values = await chain(5)
  const rowUsedAt = service.clock.now()
  service.clock.advance(60)
  await query(service.databaseUrl, 'update sessions set generation = 1')
  const ahead = await present(values[4] as string)
  t.strictSame(ahead, { outcome: 'recovered', next: values[5] }, 'no logout after a failover')
  t.match(await rowOf(service), { generation: 5, ended_at: null })
  t.strictSame(await readEvents(service, 'refresh.ahead'), [
    { sid, sub, client_id: client.clientId, detail: { generation: 1, presented: 4, rowUsedAt } },
  ])
  t.equal((await present(values[5] as string)).outcome, 'rotated')
})

t.test(
  'unless it is configured otherwise: then it is unknown, and the session lives',
  async (t) => {
    const { service, present, chain } = await start(t, { env: { REFRESH_ACCEPT_AHEAD: 'false' } })
    const values = await chain(3)
    await query(service.databaseUrl, 'update sessions set generation = 1')
    t.equal((await present(values[2] as string)).outcome, '400 invalid_grant refresh_unknown')
    t.match(await rowOf(service), { generation: 1, ended_at: null })
    t.equal((await present(values[1] as string)).outcome, 'rotated')
  },
)

t.test('an ended session says why, for every way to end', async (t) => {
  const wire = {
    logged_out: 'session_revoked',
    token_revoked: 'session_revoked',
    ended_by_user: 'session_revoked',
    ended_by_operator: 'session_revoked',
    refresh_reused: 'refresh_reused',
    user_disabled: 'user_disabled',
    password_changed: 'password_changed',
    client_disabled: 'client_disabled',
    client_deleted: 'client_deleted',
    cut_off: 'session_revoked',
    session_limit: 'session_limit',
  }
  for (const reason of endReasons) {
    const { service, sid, present, chain } = await start(t, { seed: reason })
    const values = await chain(1)
    await service.parts.endSessions.end({ sid }, reason, { by: 'operator', origin: noOrigin })
    for (const [index, value] of values.entries()) {
      const { outcome } = await present(value)
      t.equal(outcome, `400 invalid_grant ${wire[reason]}`, `${reason}, generation ${index}`)
    }
  }
})
