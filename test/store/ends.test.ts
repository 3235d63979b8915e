import t from 'tap'
import { noOrigin } from '../../src/audit/event.ts'
import { findClient } from '../../src/clients/store.ts'
import { createCutOffs } from '../../src/sessions/cut-off.ts'
import { listAlive } from '../../src/sessions/store.ts'
import { query } from '../support/database.ts'
import { atOnce, createSessions, type Sessions } from './fixtures/sessions.ts'

const ROUNDS = 100
const operator = { by: 'operator', origin: noOrigin }

interface Round {
  clientId: string
  username: string
  sub: string
  sid: string
}

/** The ways a session ends from outside, each with the reason that is kept. */
const ENDS: Record<string, (sessions: Sessions, round: Round) => Promise<unknown>> = {
  ended_by_operator: ({ endSessions }, { sid }) =>
    endSessions.end({ sid }, 'ended_by_operator', operator),
  user_disabled: ({ endSessions }, { username }) => endSessions.disableUser(username, operator),
  cut_off: ({ cutOffs }, { sub }) => cutOffs.set({ kind: 'user', id: sub }, undefined, operator),
  client_disabled: ({ cutOffs }, { clientId }) => cutOffs.disableClient(clientId, operator),
  client_deleted: ({ cutOffs }, { clientId }) => cutOffs.deleteClient(clientId, operator),
  password_changed: ({ endSessions }, { username }) =>
    endSessions.changePassword(username, 'another hash', operator),
}

for (const [reason, end] of Object.entries(ENDS)) {
  t.test(`${reason}: once it is answered, no refresh works, however they raced`, async (t) => {
    const sessions = await createSessions(t)
    const alive: string[] = []
    for (let n = 0; n < ROUNDS / 10; n += 1) {
      await atOnce(10, async (k) => {
        const name = `racer-${n}-${k}`
        const clientId = await sessions.newClient(name)
        const sub = await sessions.newUser(name)
        const { session, refreshToken } = await sessions.start({ clientId, sub })
        // As the desk does: the client is read, and with it its cut-off, before the token is.
        const refresh = async (value: string) => {
          const client = await findClient(sessions.database.kysely, clientId)
          return sessions.rotate(value, { clientId, cutOff: client?.cutOff })
        }
        const ending = () => end(sessions, { clientId, username: name, sub, sid: session.sid })
        // Each of them is first in half of the rounds.
        const [raced] =
          k % 2 === 0
            ? await Promise.all([refresh(refreshToken), ending()])
            : (await Promise.all([ending(), refresh(refreshToken)])).toReversed()
        const answer = raced as Awaited<ReturnType<typeof refresh>>
        const values = [refreshToken, 'refreshToken' in answer ? answer.refreshToken : refreshToken]
        for (const value of values) {
          const { outcome } = await refresh(value)
          if (outcome !== 'ended') alive.push(`${name}: ${outcome}`)
        }
      })
    }
    t.strictSame(alive, [])
    const rows = await query(
      sessions.url,
      'select end_reason, count(*)::int from sessions group by 1',
    )
    t.strictSame(rows, [{ end_reason: reason, count: ROUNDS }])
    const ended = (await sessions.events()).filter((type) => type === 'session.ended')
    t.equal(ended.length, ROUNDS, 'each end was written down, once')
  })
}

t.test('a session that starts while its user is disabled never lives', async (t) => {
  const sessions = await createSessions(t)
  let refused = 0
  for (let n = 0; n < ROUNDS / 10; n += 1) {
    await atOnce(10, async (k) => {
      const name = `starter-${n}-${k}`
      const sub = await sessions.newUser(name)
      const start = () =>
        sessions.start({ sub }).then(
          () => 'started',
          () => 'refused',
        )
      const disable = () => sessions.endSessions.disableUser(name, operator)
      const outcomes = await Promise.all(k % 2 === 0 ? [start(), disable()] : [disable(), start()])
      if (outcomes.includes('refused')) refused += 1
      t.equal(await start(), 'refused', 'nor one that starts later')
    })
  }
  const [row] = await query(
    sessions.url,
    `select count(*) filter (where ended_at is null)::int as alive, count(*)::int as started
    from sessions`,
  )
  t.equal(row?.alive, 0)
  t.equal(row?.started, ROUNDS - refused, 'those that came first were ended')
})

t.test('neither does one whose client is deleted or password changed meanwhile', async (t) => {
  const sessions = await createSessions(t)
  for (let n = 0; n < 5; n += 1) {
    await atOnce(10, async (k) => {
      const name = `starter-${n}-${k}`
      const clientId = await sessions.newClient(name)
      const sub = await sessions.newUser(name)
      const passwordHash = `hash of ${name}`
      const start = () => sessions.start({ sub, clientId, passwordHash }).catch(() => 'refused')
      const end = () =>
        k % 2 === 0
          ? sessions.cutOffs.deleteClient(clientId, operator)
          : sessions.endSessions.changePassword(name, 'another hash', operator)
      await Promise.all(k % 4 < 2 ? [start(), end()] : [end(), start()])
    })
  }
  const alive = 'select from sessions where ended_at is null'
  t.strictSame(await query(sessions.url, alive), [])
})

t.test('an end is told once, and takes along exactly what it names', async (t) => {
  const sessions = await createSessions(t)
  const { endSessions, cutOffs } = sessions
  const [a, b, c] = await Promise.all([sessions.start(), sessions.start(), sessions.start()])
  const bob = await sessions.newUser('bob')
  const other = await sessions.start({ sub: bob })
  const { sid } = a.session
  const ended = await atOnce(10, () => endSessions.end({ sid }, 'logged_out', operator))
  t.equal(ended.flat().length, 1, 'of ten that end it at once one did')
  t.match(await sessions.row(sid), { end_reason: 'logged_out' })
  await endSessions.end({ sid }, 'token_revoked', operator)
  t.match(await sessions.row(sid), { end_reason: 'logged_out' }, 'the first reason stays')

  const { sub } = sessions
  const others = await endSessions.end({ sub, exceptSid: b.session.sid }, 'ended_by_user', operator)
  t.strictSame(
    others.map((session) => session.sid),
    [c.session.sid],
  )
  t.equal((await sessions.rotate(b.refreshToken)).outcome, 'rotated')
  t.equal((await sessions.rotate(other.refreshToken)).outcome, 'rotated')
  const disabled = await endSessions.disableUser('alice', operator)
  t.equal(disabled?.length, 1)
  t.strictSame(await endSessions.disableUser('alice', operator), [], 'twice is once')
  await t.rejects(endSessions.end({}, 'ended_by_operator', operator), /refusing to end every/)
  await t.rejects(
    endSessions.end({ exceptSid: sid }, 'ended_by_operator', operator),
    /refusing to end every/,
  )
  t.equal(await endSessions.disableUser('nobody', operator), undefined)
  t.equal(await cutOffs.deleteClient('nobody', operator), undefined)
  t.equal(await endSessions.changePassword('nobody', 'hash', operator), undefined)
})

t.test('an event and its fact are there together or not at all', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  let current = refreshToken
  for (let n = 0; n < 4; n += 1) {
    const answer = await sessions.rotate(current)
    if ('refreshToken' in answer) current = answer.refreshToken
  }
  const before = await sessions.row(session.sid)
  await query(sessions.url, 'alter table events add constraint closed check (false) not valid')
  const refused = { code: '23514' }
  await t.rejects(sessions.endSessions.end({ sid: session.sid }, 'logged_out', operator), refused)
  await t.rejects(sessions.endSessions.disableUser('alice', operator), refused)
  await t.rejects(sessions.endSessions.changePassword('alice', 'hash', operator), refused)
  await t.rejects(sessions.cutOffs.deleteClient('web', operator), refused)
  await t.rejects(sessions.start(), refused)
  await t.rejects(sessions.rotate(refreshToken), refused, 'reuse')
  t.strictSame(await sessions.row(session.sid), before)
  t.equal((await query(sessions.url, 'select from sessions')).length, 1)
  t.match(await query(sessions.url, 'select password_hash, disabled_at from users'), [
    { password_hash: 'hash of alice', disabled_at: null },
  ])
  t.equal((await query(sessions.url, 'select from clients')).length, 1)
  await query(sessions.url, 'alter table events drop constraint closed')
  t.equal((await sessions.rotate(current)).outcome, 'rotated', 'the session is as it was')
})

t.test('a session that is not confirmed was never started', async (t) => {
  const sessions = await createSessions(t)
  const confirm = () => {
    throw new Error('too large')
  }
  await t.rejects(sessions.start({ confirm }), /too large/)
  t.strictSame(await query(sessions.url, 'select from sessions'), [])
  t.strictSame(await sessions.events(), [])
})

t.test('one session more than a user may have at a client ends the oldest', async (t) => {
  const sessions = await createSessions(t)
  const other = await sessions.newClient('other')
  const elsewhere = await sessions.start({ clientId: other })
  const started: Awaited<ReturnType<typeof sessions.start>>[] = []
  for (let n = 0; n < 5; n += 1) {
    sessions.clock.advance(1)
    started.push(await sessions.start({ maxSessions: 3 }))
  }
  const outcomes = await Promise.all(
    started.map(async ({ refreshToken }) => (await sessions.rotate(refreshToken)).outcome),
  )
  t.strictSame(outcomes, ['ended', 'ended', 'rotated', 'rotated', 'rotated'])
  const sid = started[0]?.session.sid as string
  t.match(await sessions.row(sid), { end_reason: 'session_limit' })
  t.equal((await sessions.rotate(elsewhere.refreshToken, { clientId: other })).outcome, 'rotated')
  const bob = await sessions.newUser('bob')
  await atOnce(20, () => sessions.start({ sub: bob, maxSessions: 4 }))
  const alive = `select from sessions where sub = '${bob}' and ended_at is null`
  t.equal((await query(sessions.url, alive)).length, 4, 'of many at once none is left over')
  const told = `select detail->>'by' as by from events
    where sub = '${bob}' and type = 'session.ended'`
  t.strictSame(await query(sessions.url, told), Array(16).fill({ by: 'mintmark' }))
})

t.test('a cut-off ends what started before it, and nothing that starts after', async (t) => {
  const sessions = await createSessions(t)
  const { cutOffs, clock, clientId, sub } = sessions
  const first = await sessions.start()
  clock.advance(3600)
  const between = clock.now()
  const second = await sessions.start()
  const past = await cutOffs.set({ kind: 'user', id: sub }, between, operator)
  t.match(past, { ended: 1, more: false, cutOff: { notBefore: between } })
  t.match(await sessions.row(first.session.sid), { end_reason: 'cut_off' })
  t.equal((await sessions.rotate(second.refreshToken)).outcome, 'rotated')
  t.match(await cutOffs.set({ kind: 'user', id: sub }, between - 1, operator), {
    cutOff: { notBefore: between },
  })
  t.match(await cutOffs.set({ kind: 'client', id: clientId }, undefined, operator), { ended: 1 })
  const third = await sessions.start()
  const client = await findClient(sessions.database.kysely, clientId)
  t.ok(third.session.createdAt >= (client?.cutOff?.notBefore ?? 0), 'at the same instant')
  const asked = { cutOff: client?.cutOff }
  t.equal((await sessions.rotate(third.refreshToken, asked)).outcome, 'rotated')
  t.equal(await cutOffs.set({ kind: 'client', id: 'nobody' }, undefined, operator), undefined)
  // Once more in the same instant: what started after the first is behind the second.
  t.match(await cutOffs.set({ kind: 'client', id: clientId }, undefined, operator), { ended: 1 })
})

t.test('a user of very many sessions can be disabled, and logs in at once', async (t) => {
  const sessions = await createSessions(t)
  await sessions.start()
  await addCopies(sessions, 7000)
  const more = await sessions.start()
  t.equal(more.outcome, 'started')
  const open = 'select from sessions where ended_at is null'
  t.equal((await query(sessions.url, open)).length, 7002 - 500, 'those that are too many go')
  t.equal((await sessions.endSessions.disableUser('alice', operator))?.length, 7002 - 500)
  t.strictSame(await query(sessions.url, open), [])
  const events = (await sessions.events()).filter((type) => type === 'session.ended')
  t.equal(events.length, 7002, 'each was written down')
})

t.test('a client of very many sessions is cut off by one row; the others follow', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  await addCopies(sessions, 1700)
  const { database } = sessions
  const { transaction } = database
  let left = 2
  const dying = createCutOffs({
    ...sessions,
    database: {
      ...database,
      transaction: (work) => {
        left -= 1
        if (left < 0) throw new Error('the process dies')
        return transaction(work)
      },
    },
  })
  await t.rejects(dying.disableClient('web', operator), /the process dies/)
  const open = 'select from sessions where ended_at is null'
  t.equal((await query(sessions.url, open)).length, 1201, 'after one batch')
  const client = await findClient(database.kysely, 'web')
  t.match(client, { disabledAt: sessions.clock.now(), cutOff: { reason: 'client_disabled' } })
  const refused = await sessions.rotate(refreshToken, { cutOff: client?.cutOff })
  t.strictSame(refused, { outcome: 'ended', reason: 'client_disabled' }, 'all the same')
  t.strictSame(await listAlive(database.kysely, { limit: 10 }, sessions.clock.now()), [])
  t.equal(await sessions.cutOffs.markRest(), 1201)
  t.equal(await sessions.cutOffs.markRest(), 0, 'once')
  t.match(await sessions.row(session.sid), { end_reason: 'client_disabled' })
  t.equal(await sessions.cutOffs.enableClient('web', operator), true)
  t.equal((await sessions.rotate(refreshToken)).outcome, 'ended', 'what has ended stays so')
})

/** Adds copies of the one session that is there. */
const addCopies = (sessions: Sessions, count: number) =>
  query(
    sessions.url,
    `insert into sessions (id, handle_hash, generation, recoveries, client_id, sub, scope, audience,
      roles, claims, auth_time, amr, created_at, last_used_at, idle_expires_at, expires_at)
    select gen_random_uuid(), uuid_send(gen_random_uuid()), 0, 0, client_id, sub, scope, audience,
      roles, claims, auth_time, amr, created_at, last_used_at, idle_expires_at, expires_at
    from sessions, generate_series(1, $1)`,
    [count],
  )
