import t, { type Test } from 'tap'
import { createTestAdmin } from '../support/admin.ts'
import { claimsOf, readEvents, summary } from '../support/answer.ts'
import { query } from '../support/database.ts'
import {
  createTestService,
  type ServiceOptions,
  type TestClient,
  type Tokens,
} from '../support/service.ts'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

interface Listed {
  id: string
  client_id: string
  current: boolean
  device: Record<string, string>
}

/** A backend that may start sessions, and a frontend that they are for. */
async function start(t: Test, options?: ServiceOptions) {
  const service = await createTestService(t, options)
  const backend = await service.addBackend()
  const frontend = await service.addClient()
  const startSession = (body: object, by: TestClient | undefined = backend) =>
    service.inject({
      method: 'POST',
      url: '/sessions',
      headers: { ...by.basic, 'content-type': 'application/json' },
      payload: JSON.stringify({ client_id: frontend.clientId, ...body }),
    })
  const startFor = async (sub: string) => {
    const tokens = (await startSession({ sub })).json<Tokens>()
    return { ...tokens, sid: claimsOf(tokens.access_token).sid as string }
  }
  const list = async (token: string) => {
    const answer = await service.inject({ url: '/sessions', headers: bearer(token) })
    return answer.json<{ sessions: Listed[] }>().sessions
  }
  const end = (token: string, id: string) =>
    service.inject({ method: 'DELETE', url: `/sessions/${id}`, headers: bearer(token) })
  return { service, backend, frontend, startSession, startFor, list, end }
}

t.test('users see their own live sessions and which of them is asking', async (t) => {
  const { service, frontend, startSession, startFor, list, end } = await start(t)
  const device = { user_agent: 'Firefox', address: '192.0.2.7', label: 'Laptop' }
  const first = (await startSession({ sub: 'ada', device, amr: ['mfa'] })).json<Tokens>()
  service.clock.advance(10)
  const second = await startFor('ada')
  await startFor('bob')
  const sessions = await list(second.access_token)
  t.equal(sessions.length, 2, 'nobody else’s')
  t.match(sessions[0], { id: second.sid, current: true, client_id: frontend.clientId })
  t.match(sessions[1], { current: false, device, amr: ['mfa'] })
  t.match(sessions[1], {
    created_at: '2026-11-21T12:00:00.000Z',
    expires_at: '2027-02-19T12:00:00.000Z',
  })
  t.strictSame(
    (await list(first.access_token)).map(({ id, current }) => [id, current]),
    [sessions[1], sessions[0]].map((one) => [one?.id, one?.id !== second.sid]),
    'whoever asks comes first, used last or not',
  )
  const text = JSON.stringify(sessions)
  t.notMatch(text, /hash|generation|mm_rt_/, 'nothing of their tokens')

  await end(second.access_token, sessions[1]?.id ?? '')
  t.strictSame(
    (await list(second.access_token)).map(({ id }) => id),
    [second.sid],
    'an ended one is gone',
  )
})

t.test('users tell their devices apart, each by where and when it was used last', async (t) => {
  const { service, frontend, startSession, startFor, list } = await start(t)
  const phone = 'Mozilla/5.0 (Linux; Android 15; Pixel 8) Chrome/142.0.0.0 Mobile Safari/537.36'
  const device = { user_agent: phone, address: '192.0.2.7' }
  const tokens = (await startSession({ sub: 'ada', device })).json<Tokens>()
  const { access_token } = await startFor('ada')
  service.clock.advance(60)
  await service.inject({
    method: 'POST',
    url: '/refresh',
    remoteAddress: '198.51.100.7',
    headers: { 'content-type': 'application/json', 'user-agent': 'curl/8.17.0' },
    payload: JSON.stringify({ client_id: frontend.clientId, refresh_token: tokens.refresh_token }),
  })
  const [mine, other] = await list(access_token)
  t.strictSame(mine?.device, { label: 'Unknown device' }, 'nothing was told, and it has a name')
  t.match(other, {
    device: { label: 'Chrome on Android (Pixel 8)', user_agent: phone, address: '198.51.100.7' },
    created_at: '2026-11-21T12:00:00.000Z',
    last_used_at: '2026-11-21T12:01:00.000Z',
  })
})

t.test('users end their own sessions, once, and the event says who', async (t) => {
  const { service, frontend, startFor, end } = await start(t)
  const [one, two] = [await startFor('ada'), await startFor('ada')]
  for (const times of ['first', 'second']) {
    const answer = await end(one.access_token, two.sid)
    t.equal(answer.statusCode, 204, `${times} time`)
    t.equal(answer.body, '')
  }
  const detail = { reason: 'ended_by_user', by: 'ada' }
  t.strictSame(await readEvents(service, 'session.ended'), [
    { sid: two.sid, sub: 'ada', client_id: frontend.clientId, detail },
  ])
  t.equal(
    summary(await service.refresh(frontend, two.refresh_token)),
    '400 invalid_grant session_revoked',
  )
  t.equal((await end(two.access_token, one.sid)).statusCode, 401, 'an ended one ends nothing')
  t.equal((await end(one.access_token, one.sid)).statusCode, 204, 'its own')
  t.equal((await end(one.access_token, one.sid)).statusCode, 401)
})

t.test('a foreign session looks like one that does not exist', async (t) => {
  const { service, frontend, startFor, end } = await start(t)
  const [ada, bob] = [await startFor('ada'), await startFor('bob')]
  for (const [what, id] of [
    ['of another user', bob.sid],
    ['of nobody', '0199c0de-8f5a-7cc2-9a3b-3d2f4a5b6c7d'],
    ['no UUID', 'x'],
    ['SQL', "'%20or%20true--"],
  ] as const) {
    const answer = await end(ada.access_token, id)
    t.equal(answer.statusCode, 404, what)
    t.equal(answer.json().code, 'session_unknown', what)
    t.equal(
      answer.json().detail,
      'you may see no session of this id; GET /sessions lists those that you may see',
      what,
    )
  }
  t.equal(summary(await service.refresh(frontend, bob.refresh_token)), '200')
  t.strictSame(await readEvents(service, 'session.ended'), [])
})

t.test('users see what happened to a session of theirs, and nothing of anybody else', async (t) => {
  const { service, backend, frontend, startFor, end } = await start(t)
  const operator = await createTestAdmin(t, service)
  const from = { 'user-agent': 'a backend' }
  const ada = await startFor('ada')
  const eventsOf = async (id: string, token = ada.access_token) => {
    const url = `/sessions/${id}/events`
    return service.inject({ url, headers: { ...bearer(token), 'user-agent': 'ada’s' } })
  }
  const [first, second, third] = [
    await startFor('ada'),
    await startFor('ada'),
    await startFor('ada'),
  ]
  const refresh = () =>
    service.refresh(frontend, first.refresh_token, {}).then(({ statusCode }) => statusCode)
  await refresh()
  service.clock.advance(40)
  await refresh()
  service.clock.advance(40)
  await end(ada.access_token, first.sid)
  const { events } = (await eventsOf(first.sid)).json()
  t.strictSame(events, [
    {
      type: 'session.ended',
      at: '2026-11-21T12:01:20.000Z',
      reason: 'ended_by_user',
      by: 'you',
      device: { label: 'lightMyRequest', user_agent: 'lightMyRequest', address: '127.0.0.1' },
    },
    {
      type: 'refresh.recovered',
      at: '2026-11-21T12:00:40.000Z',
      device: { label: 'lightMyRequest', address: '127.0.0.1' },
    },
    { type: 'session.started', at: '2026-11-21T12:00:00.000Z' },
  ])

  const stolen = await startFor('ada')
  const next = await service.refresh(frontend, stolen.refresh_token)
  await service.refresh(frontend, next.json().refresh_token)
  service.clock.advance(40)
  const form = {
    grant_type: 'refresh_token',
    client_id: frontend.clientId,
    refresh_token: stolen.refresh_token,
  }
  await service.post('/token', form, { 'user-agent': 'thief/7.1 (of a kind)' })
  const [theft, reused, started] = (await eventsOf(stolen.sid)).json().events
  t.match(theft, { type: 'session.ended', reason: 'refresh_reused' })
  t.match(started, { type: 'session.started', device: undefined })
  const device = { label: 'thief', address: '127.0.0.1' }
  t.strictSame(reused, { type: 'refresh.reused', at: reused.at, device }, 'was that me?')

  await operator.ask(`DELETE /sessions/${second.sid}`, { headers: from })
  const told = await eventsOf(second.sid)
  const [ended] = told.json().events
  t.strictSame(ended, {
    type: 'session.ended',
    at: ended.at,
    reason: 'ended_by_operator',
    by: 'operator',
  })
  t.notOk(told.body.includes(operator.operator.clientId), 'not which one it was')
  t.notOk(told.body.includes(backend.clientId))
  t.notOk(told.body.includes('a backend'))
  await service.post('/revoke', {
    token: third.refresh_token,
    client_id: frontend.clientId,
  })
  t.match((await eventsOf(third.sid)).json().events[0], { reason: 'token_revoked', by: 'client' })

  const unused = await startFor('ada')
  const past = new Date(service.clock.now() - 1)
  const age = 'update sessions set idle_expires_at = $1 where id = $2'
  await query(service.databaseUrl, age, [past, unused.sid])
  t.strictSame((await eventsOf(unused.sid)).json().events[0], {
    type: 'session.ended',
    at: past.toISOString(),
    reason: 'idle_timeout',
    by: 'mintmark',
  })

  const bob = await startFor('bob')
  for (const id of [first.sid, '0199c0de-8f5a-7cc2-9a3b-3d2f4a5b6c7d', 'x']) {
    const foreign = await eventsOf(id, bob.access_token)
    t.match(foreign.json(), { status: 404, code: 'session_unknown' }, id)
  }
  const { tokens } = await service.logIn()
  const own = await eventsOf(String(claimsOf(tokens.access_token).sid), tokens.access_token)
  t.match(own.json().events, [{ type: 'session.started', device: { address: '127.0.0.1' } }])
})

t.test('a session is named by its id in either case (RFC 9562 section 4)', async (t) => {
  const { startFor, end } = await start(t)
  const ada = await startFor('ada')
  t.equal((await end(ada.access_token, ada.sid.toUpperCase())).statusCode, 204)
})

t.test('end-others leaves the session that asks, and those of other users', async (t) => {
  const { service, frontend, startFor, list } = await start(t)
  const mine = await startFor('ada')
  const others = [await startFor('ada'), await startFor('ada')]
  const bob = await startFor('bob')
  const headers = bearer(mine.access_token)
  const endOthers = () => service.inject({ method: 'POST', url: '/sessions/end-others', headers })
  t.strictSame((await endOthers()).json(), { ended: 2 })
  t.strictSame((await endOthers()).json(), { ended: 0 })
  for (const other of others) {
    const refused = await service.refresh(frontend, other.refresh_token)
    t.equal(summary(refused), '400 invalid_grant session_revoked')
  }
  t.equal((await list(mine.access_token)).length, 1)
  t.equal(summary(await service.refresh(frontend, mine.refresh_token)), '200')
  t.equal(summary(await service.refresh(frontend, bob.refresh_token)), '200')
  t.equal((await readEvents(service, 'session.ended')).length, 2)
})

t.test('a client that speaks for itself has no sessions to see', async (t) => {
  const { service, backend, end } = await start(t)
  const form = { grant_type: 'client_credentials' }
  const { access_token } = (await service.post('/token', form, backend.basic)).json<Tokens>()
  const headers = bearer(access_token)
  for (const [method, url] of [
    ['GET', '/sessions'],
    ['POST', '/sessions/end-others'],
  ] as const) {
    const answer = await service.inject({ method, url, headers })
    t.equal(answer.statusCode, 403, url)
    t.equal(answer.json().code, 'user_required')
  }
  const deleted = await end(access_token, '0199c0de-8f5a-7cc2-9a3b-3d2f4a5b6c7d')
  t.equal(deleted.statusCode, 403)
})

t.test('a call without a body may say that its body is JSON', async (t) => {
  const service = await createTestService(t)
  const { tokens } = await service.logIn()
  const headers = {
    authorization: `Bearer ${tokens.access_token}`,
    'content-type': 'application/json',
  }
  const others = await service.inject({ method: 'POST', url: '/sessions/end-others', headers })
  t.strictSame([others.statusCode, others.json()], [200, { ended: 0 }])
  const url = `/sessions/${claimsOf(tokens.access_token).sid}`
  t.equal((await service.inject({ method: 'DELETE', url, headers })).statusCode, 204)
})
