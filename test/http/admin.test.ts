import t, { type Test } from 'tap'
import { operator as commandLine } from '../../src/cli/operator.ts'
import { createAdminApp } from '../../src/http/admin-app.ts'
import { createTestAdmin } from '../support/admin.ts'
import { claimsOf, readEvents, summary } from '../support/answer.ts'
import { adminContract } from '../support/contract.ts'
import { query } from '../support/database.ts'
import { createGatedDatabase } from '../support/outage.ts'
import {
  createTestService,
  ISSUER,
  type ServiceOptions,
  type TestService,
} from '../support/service.ts'

async function start(t: Test, options?: ServiceOptions) {
  const service = await createTestService(t, options)
  const admin = await createTestAdmin(t, service)
  return { service, ...admin }
}

/** Logs in and says by what the session is known. */
async function logIn(service: TestService, client?: Parameters<TestService['logIn']>[0]) {
  const found = await service.logIn(client)
  const sid = String(claimsOf(found.tokens.access_token).sid)
  return { ...found, sid, refreshToken: found.tokens.refresh_token }
}

const idsOf = (answer: { json(): unknown }) =>
  (answer.json() as { sessions: { id: string }[] }).sessions.map(({ id }) => id)

t.test('sessions are listed, the newest first, by user, client and state', async (t) => {
  const { service, ask } = await start(t)
  const short = await service.addClient({ sessionIdleTtlSeconds: 60 })
  const idle = await logIn(service, short)
  service.clock.advance(61)
  const old = await logIn(service)
  service.clock.advance(1)
  const ended = await logIn(service)
  service.clock.advance(1)
  const last = await logIn(service, ended.client)
  await service.post('/logout', { refresh_token: ended.refreshToken })
  const list = async (query: string) => idsOf(await ask(`GET /sessions?${query}`))
  t.strictSame(await list(''), [last.sid, ended.sid, old.sid, idle.sid])
  t.strictSame(await list('state=all'), await list(''))
  t.strictSame(await list('state=live'), [last.sid, old.sid])
  t.strictSame(await list('state=ended'), [ended.sid, idle.sid])
  t.strictSame(await list(`client_id=${ended.client.clientId}`), [last.sid, ended.sid])
  t.strictSame(await list(`client_id=${ended.client.clientId}&state=live`), [last.sid])
  t.strictSame(await list(`sub=${old.sub}`), [old.sid])
  t.strictSame(await list('sub=nobody'), [])
})

t.test('a session says how it goes, or how it ended', async (t) => {
  const { service, ask } = await start(t)
  const short = await service.addClient({ sessionIdleTtlSeconds: 60, sessionMaxTtlSeconds: 90 })
  const { sid, sub, client, refreshToken } = await logIn(service, short)
  service.clock.advance(40)
  await service.refresh(client, refreshToken)
  t.match((await ask(`GET /sessions/${sid}`)).json(), {
    id: sid,
    sub,
    client_id: client.clientId,
    state: 'live',
    scope: 'orders:read orders:write',
    amr: ['pwd'],
    device: { label: 'lightMyRequest' },
    rotations: 1,
    created_at: '2026-11-21T12:00:00.000Z',
    last_used_at: '2026-11-21T12:00:40.000Z',
    expires_at: '2026-11-21T12:01:30.000Z',
    ended_at: undefined,
  })
  service.clock.advance(50)
  const tooOld = { state: 'ended', end_reason: 'max_age', ended_at: '2026-11-21T12:01:30.000Z' }
  t.match((await ask(`GET /sessions/${sid.toUpperCase()}`)).json(), tooOld)
  const idle = await logIn(service, short)
  service.clock.advance(60)
  const unused = {
    state: 'ended',
    end_reason: 'idle_timeout',
    ended_at: '2026-11-21T12:02:30.000Z',
  }
  t.match((await ask(`GET /sessions/${idle.sid}`)).json(), unused)
  const left = await logIn(service)
  await service.post('/logout', { refresh_token: left.refreshToken })
  const loggedOut = { state: 'ended', end_reason: 'logged_out' }
  t.match((await ask(`GET /sessions/${left.sid}`)).json(), loggedOut)
})

t.test('pages hold every row once, whatever happens between them', async (t) => {
  const { service, ask } = await start(t)
  const client = await service.addClient()
  const sids: string[] = []
  for (let n = 0; n < 7; n += 1) {
    sids.unshift((await logIn(service, client)).sid)
    service.clock.advance(1)
  }
  const seen: string[] = []
  for (let cursor = ''; ; ) {
    const answer = await ask(`GET /sessions?client_id=${client.clientId}&limit=3${cursor}`)
    seen.push(...idsOf(answer))
    const { next_cursor } = answer.json()
    if (next_cursor === undefined) break
    cursor = `&cursor=${next_cursor}`
    await logIn(service, client)
  }
  t.strictSame(seen, sids, 'those that started since come before the first page')
  t.notOk((await ask(`GET /sessions?client_id=${client.clientId}&limit=200`)).json().next_cursor)

  const types: string[] = []
  for (let cursor = ''; types.length < 100; ) {
    const answer = await ask(`GET /events?client_id=${client.clientId}&limit=4${cursor}`)
    types.push(...answer.json().events.map(({ id }: { id: string }) => id))
    const { next_cursor } = answer.json()
    if (next_cursor === undefined) break
    cursor = `&cursor=${next_cursor}`
  }
  t.equal(new Set(types).size, types.length)
  t.equal(types.length, 9, 'every start of a session')
})

t.test('an operator ends a session, once, and it is written down who did it', async (t) => {
  const { service, ask, operator } = await start(t)
  const { sid, sub, client, refreshToken } = await logIn(service)
  const other = await logIn(service, client)
  const headers = { 'user-agent': 'operators', 'x-request-id': 'case-4711' }
  for (const time of ['first', 'second']) {
    const answer = await ask(`DELETE /sessions/${sid}`, { headers })
    t.equal(answer.statusCode, 204, `${time} time`)
    t.equal(answer.body, '')
  }
  const refused = await service.refresh(client, refreshToken)
  t.equal(summary(refused), '400 invalid_grant session_revoked')
  const detail = { reason: 'ended_by_operator', by: operator.clientId }
  const end = { sid, sub, client_id: client.clientId, detail }
  t.strictSame(await readEvents(service, 'session.ended'), [end])
  const [event] = (await ask('GET /events?request_id=case-4711')).json().events
  t.match(event, { ...end, user_agent: 'operators', address: '127.0.0.1' })
  t.equal(summary(await service.refresh(client, other.refreshToken)), '200', 'no other')
  for (const id of ['0199c0de-8f5a-7cc2-9a3b-3d2f4a5b6c7d', 'x', "'%20or%20true--"]) {
    for (const line of [`GET /sessions/${id}`, `DELETE /sessions/${id}`]) {
      t.match((await ask(line)).json(), { status: 404, code: 'session_unknown' }, line)
    }
    t.equal((await ask(`GET /sessions/${id}/events`)).statusCode, 404)
  }
})

t.test('an operator ends all sessions of a user, and of nobody else', async (t) => {
  const { service, ask, operator } = await start(t)
  const backend = await service.addBackend()
  const { clientId } = await service.addClient()
  const startFor = async (sub: string) => {
    const payload = { sub, client_id: clientId }
    const request = { method: 'POST', url: '/sessions', headers: backend.basic, payload } as const
    return String(claimsOf((await service.inject(request)).json().access_token).sid)
  }
  for (const sub of ['ada@example', 'ada@example', 'bob']) await startFor(sub)
  const endAll = async () => (await ask('POST /users/ada%40example/end-sessions')).json()
  t.strictSame(await endAll(), { ended: 2 })
  t.strictSame(await endAll(), { ended: 0 })
  t.equal(idsOf(await ask('GET /sessions?state=live')).length, 1)
  const events = await readEvents(service, 'session.ended')
  const detail = { reason: 'ended_by_operator', by: operator.clientId }
  t.match(events, [
    { sub: 'ada@example', detail },
    { sub: 'ada@example', detail },
  ])
})

t.test('events tell what happened, by whatever is known of it', async (t) => {
  const { service, ask } = await start(t)
  const { sid, sub, client, refreshToken } = await logIn(service)
  service.clock.advance(40)
  await service.refresh(client, refreshToken)
  service.clock.advance(40)
  await service.refresh(client, refreshToken)
  service.clock.advance(40)
  await service.post('/logout', { refresh_token: refreshToken })
  service.clock.advance(1)
  await logIn(service, client)
  const typesOf = async (query: string) => {
    const { events } = (await ask(`GET /events?${query}`)).json()
    return (events as { type: string }[]).map(({ type }) => type)
  }
  const story = ['session.ended', 'refresh.recovered', 'session.started']
  t.strictSame(await typesOf(`sid=${sid}`), story)
  t.strictSame(await typesOf(`sub=${sub}`), story)
  t.strictSame(await typesOf(`client_id=${client.clientId}`), ['session.started', ...story])
  t.strictSame(await typesOf(`sid=${sid}&type=session.ended`), ['session.ended'])
  t.strictSame(await typesOf(`sid=${sid}&since=2026-11-21T12:01:20Z`), story.slice(0, 2))
  t.strictSame(await typesOf(`sid=${sid}&until=2026-11-21T13:01:20%2B01:00`), story.slice(2))
  const own = (await ask(`GET /sessions/${sid}/events`)).json().events
  t.match(own[1], { sid, sub, client_id: client.clientId, request_id: /./, address: '127.0.0.1' })
  t.strictSame(own[1].detail, { generation: 1, lost_for_seconds: 40 })
  t.equal(own[2].at, '2026-11-21T12:00:00.000Z')
  await query(service.databaseUrl, 'delete from sessions')
  const kept = await ask(`GET /sessions/${sid}/events`)
  t.equal(kept.json().events.length, 3, 'events outlive the row of their session')
  const change = { maxSessions: 3, allowedOrigins: [], lifetimes: { sessionIdleTtlSeconds: 60 } }
  await service.parts.changeClient(client.clientId, change, commandLine)
  const [changed] = (await ask('GET /events?type=client.changed')).json().events
  const detail = { changed: ['session_idle_ttl_seconds', 'max_sessions'], by: 'operator' }
  t.match(changed, { client_id: client.clientId, detail }, 'who changed what')
})

t.test('a cut-off ends what started before it, of a user or at a client', async (t) => {
  const { service, ask, operator } = await start(t)
  const { clientId } = operator
  const old = await logIn(service)
  service.clock.advance(60)
  const young = await logIn(service, old.client)
  const put = async (place: string, payload?: object) =>
    (await ask(`PUT /cut-offs/${place}`, { ...(payload && { payload }) })).json()
  const stateOf = async (sid: string) => {
    const { state, end_reason } = (await ask(`GET /sessions/${sid}`)).json()
    return `${state} ${end_reason}`
  }
  const noon = { not_before: '2026-11-21T12:00:30Z' }
  const client = `clients/${old.client.clientId}`
  t.match(await put(client, noon), {
    kind: 'client',
    id: old.client.clientId,
    not_before: '2026-11-21T12:00:30.000Z',
    reason: 'cut_off',
    made_at: '2026-11-21T12:01:00.000Z',
    made_by: clientId,
    ended: 1,
    more: false,
  })
  t.equal(await stateOf(old.sid), 'ended cut_off')
  t.equal(await stateOf(young.sid), 'live undefined')
  const refused = await service.refresh(old.client, old.refreshToken)
  t.equal(summary(refused), '400 invalid_grant session_revoked')
  const user = `users/${young.sub}`
  t.match(await put(user), { kind: 'user', id: young.sub, ended: 1, more: false })
  t.equal(await stateOf(young.sid), 'ended cut_off')
  t.match(await put(user, noon), { not_before: '2026-11-21T12:01:00.000Z', ended: 0 }, 'the newest')

  const { cut_offs } = (await ask('GET /cut-offs?kind=user')).json()
  t.match(cut_offs, [{ kind: 'user', id: young.sub, made_by: clientId }])
  const pages: string[] = []
  for (let cursor = ''; pages.length < 9; ) {
    const page = (await ask(`GET /cut-offs?limit=1${cursor}`)).json()
    pages.push(...page.cut_offs.map(({ kind }: { kind: string }) => kind))
    if (page.next_cursor === undefined) break
    cursor = `&cursor=${page.next_cursor}`
  }
  t.strictSame(pages, ['client', 'user'], 'each once, two of one instant among them')
  t.strictSame((await ask('GET /cut-offs?id=nobody')).json(), { cut_offs: [] })
  const [event] = (await ask('GET /events?type=cut_off.set&limit=1')).json().events
  t.match(event, { sub: young.sub, detail: { by: clientId } })

  for (const [place, payload, detail] of [
    [user, { not_before: '2026-11-21T12:01:01Z' }, 'body.not_before must not be in the future'],
    [user, { not_before: 'noon' }, 'body.not_before must be a date-time'],
    [user, { not_before: null }, 'body.not_before must be string'],
    [user, { since: '2026-11-21T12:00:00Z' }, 'body must not have since'],
    [`users/${'x'.repeat(256)}`, {}, 'path.sub must NOT have more than 255 characters'],
  ] as const) {
    const told = await put(place, payload)
    t.match(told, { status: 400, code: 'parameter_invalid', detail }, detail)
  }
  t.match(await put('clients/nobody'), { status: 404, code: 'client_unknown' })
  for (const end of ['PUT /cut-offs/users/', 'POST /users/']) {
    const tell = async (sub: string) => {
      const line = `${end}${encodeURIComponent(sub)}${end.startsWith('POST') ? '/end-sessions' : ''}`
      return (await ask(line)).json()
    }
    const unknown = { status: 404, code: 'user_unknown', detail: /session either$/ }
    t.match(await tell('nobody'), unknown, 'a mistyped sub logs nobody out')
    const [{ username } = {}] = await query(service.databaseUrl, 'select username from users')
    const named = new RegExp(`the user named ${username} has the sub ${old.sub}$`, 'i')
    t.match(await tell(String(username).toUpperCase()), { ...unknown, detail: named })
    for (const odd of ['', ' ', 'a ', '\n', 'a\tb', '\u00a0', '\u0085']) {
      const told = await tell(odd)
      t.match(told, { status: 400, code: 'parameter_invalid' }, JSON.stringify(odd))
    }
  }
  const headers = { 'content-type': 'application/json' }
  const cutOff = (await ask('GET /cut-offs')).json()
  const nothing = await ask(`PUT /cut-offs/${user}`, { payload: 'null' as never, headers })
  t.match(nothing.json(), { status: 400, detail: 'body must be object' }, 'null is not everything')
  t.strictSame((await ask('GET /cut-offs')).json(), cutOff)
})

t.test('a session behind a cut-off has ended, whether its row says so or not', async (t) => {
  const { service, ask } = await start(t)
  const { sid, client } = await logIn(service)
  service.clock.advance(1)
  const at = service.clock.now()
  await query(
    service.databaseUrl,
    `insert into cut_offs (kind, id, not_before, reason, made_at, made_by, marking)
     values ('client', $1, $2, 'client_disabled', $3, 'operator', true)`,
    [client.clientId, new Date(at + 1000), new Date(at)],
  )
  const end = { at: '2026-11-21T12:00:01.000Z', reason: 'client_disabled' }
  const dead = { id: sid, state: 'ended', ended_at: end.at, end_reason: end.reason }
  const told = (await ask(`GET /explanations/sessions/${sid}`)).json()
  t.match(told, { sessions: [{ sid, end: { ...end, by: 'operator' } }] }, 'when it was made')
  t.match((await ask(`GET /sessions/${sid}`)).json(), dead)
  t.strictSame(idsOf(await ask('GET /sessions?state=live')), [])
  t.match((await ask('GET /sessions?state=ended')).json(), { sessions: [dead] })
})

t.test('nothing is ignored that could have narrowed a request', async (t) => {
  const { ask, service } = await start(t)
  for (const [line, detail, code = 'parameter_invalid'] of [
    ['GET /sessions?user=1', 'query must not have user'],
    ['GET /sessions/x?state=live', 'query must not have state'],
    ['POST /users/x/end-sessions?client_id=web', 'query must not have client_id'],
    ['GET /sessions?sub=', 'query.sub must NOT have fewer than 1 characters'],
    [
      'GET /sessions?sub=a&sub=b',
      'parameter sub must not appear more than once',
      'parameter_repeated',
    ],
    ['GET /sessions?state=LIVE', 'query.state must be one of live, ended, all'],
    ['GET /sessions?limit=0', 'query.limit must be >= 1'],
    ['GET /sessions?limit=201', 'query.limit must be <= 200'],
    ['GET /sessions?limit=1e1', 'query.limit must be integer'],
    ['GET /events?limit=', 'query.limit must be integer'],
    ['GET /events?sid=x', 'query.sid must be a uuid'],
    ['GET /events?type=foo.bar', /^query\.type must be one of .*session\.started, .*audience\.set/],
    ['GET /events?since=yesterday', 'query.since must be a date-time'],
    ['GET /events?until=1795262179', 'query.until must be a date-time'],
    ['GET /events?since=2026-11-21%2012:00:00Z', 'query.since 2026-11-21 12:00:00Z is no instant'],
    ['GET /events?since=0000-01-01T00:00:00Z', 'query.since 0000-01-01T00:00:00Z is no instant'],
    ['GET /events?since=2016-12-31T23:59:60Z', 'query.since 2016-12-31T23:59:60Z is no instant'],
  ] as const) {
    const answer = await ask(line)
    t.match(answer.json(), { status: 400, code, detail }, line)
  }
  const { sub } = await logIn(service)
  const users = `POST /users/${sub}/end-sessions`
  const narrowed = await ask(users, { payload: { client_id: 'web' } })
  t.match(narrowed.json(), { code: 'parameter_invalid', detail: /^send no body/ })
  t.equal((await ask(users, { payload: {} })).statusCode, 200, 'an empty object says nothing')
  const large = await ask(users, { payload: { a: 'a'.repeat(20_000) } })
  t.match(large.json(), { status: 413, code: 'body_too_large' })
})

t.test(
  'what is not there is told as everywhere: 404 with a hint, 405, 406, one shape',
  async (t) => {
    const { app, ask, service } = await start(t)
    for (const [line, status, code, hint] of [
      ['GET /nothing', 404, 'not_found', undefined],
      ['GET /v1/Events/', 404, 'not_found', '/events'],
      ['GET /audit', 404, 'not_found', '/events'],
      ['GET /token', 404, 'not_found', undefined],
      ['GET /me', 404, 'not_found', undefined],
      ['GET /%zz', 400, 'url_malformed', undefined],
      ['POST /events', 405, 'method_not_allowed', undefined],
      ['OPTIONS /sessions', 405, 'method_not_allowed', undefined],
    ] as const) {
      const answer = await ask(line, { headers: { origin: 'https://app.example' } })
      t.match(answer.json(), { status, code, request_id: answer.headers['x-request-id'] }, line)
      t.equal(answer.json().hint, hint, line)
      t.match(answer.headers, {
        'content-type': 'application/problem+json; charset=utf-8',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'strict-transport-security': 'max-age=63072000',
        'cache-control': 'no-store',
      })
      t.notOk('access-control-allow-origin' in answer.headers, 'no page of another origin reads it')
      const lines = service.log.filter((one) => one.includes(answer.json().request_id))
      t.equal(lines.length, 1, `${line} has its line in the log`)
    }
    t.equal((await ask('POST /events')).headers.allow, 'GET, HEAD')
    const html = await ask('GET /events', { headers: { accept: 'text/html' } })
    t.equal(html.statusCode, 406)
    const id = { 'x-request-id': 'trace-1' }
    t.equal((await ask('GET /events', { headers: id })).headers['x-request-id'], 'trace-1')
    t.equal((await app.inject('/livez')).statusCode, 200, 'it lives for whoever asks')
    t.equal((await app.inject('/readyz')).json().status, 'ready')
  },
)

t.test('while nothing can be decided it is 503, and nothing else', async (t) => {
  const database = await createGatedDatabase(t)
  const { app, service, ask } = await start(t, {
    databaseUrl: database.url,
    // Which is not for operators: each answer has its code.
    env: { ERROR_DETAIL: 'minimal' },
  })
  const { sid } = await logIn(service)
  await database.shut()
  for (const line of ['GET /sessions', 'GET /events', `DELETE /sessions/${sid}`]) {
    const answer = await ask(line)
    t.match(answer.json(), { status: 503, code: 'database_unavailable' }, line)
    t.equal(answer.headers['retry-after'], '2', line)
  }
  t.equal((await app.inject('/livez')).statusCode, 200)
  t.equal((await app.inject('/readyz')).statusCode, 503)
  await database.open()
  const keyRing = { ...service.parts.keyRing, loaded: false }
  const starting = await createAdminApp({ ...service.parts, keyRing, version: '0.0.0' })
  t.teardown(() => starting.close())
  t.match((await starting.inject('/sessions')).json(), { status: 503, code: 'not_ready' })
})

t.test('Swagger UI is there by the rules of the public one', async (t) => {
  const password = 'correct horse'
  const basic = `Basic ${Buffer.from(`me:${password}`).toString('base64')}`
  for (const [env, anonymous, known] of [
    [{}, 404, 404],
    [{ DOCS: 'on' }, 200, 200],
    [{ DOCS_PASSWORD: password }, 401, 200],
  ] as const) {
    const { app } = await start(t, { env })
    t.equal((await app.inject('/docs/')).statusCode, anonymous, JSON.stringify(env))
    const answer = await app.inject({ url: '/docs/', headers: { authorization: basic } })
    t.equal(answer.statusCode, known, JSON.stringify(env))
    const policy = String(answer.headers['content-security-policy'])
    t.notMatch(policy, /unsafe|https?:|\*/)
    if (known === 200) t.match(policy, "script-src 'self'")
    const script = (await app.inject('/docs/static/swagger-initializer.js')).body
    t.notMatch(script, 'x-development', 'nothing is prefilled')
    const document = (await app.inject('/openapi.json')).json()
    t.strictSame(document.paths, adminContract.document.paths)
  }
})

t.test('a session and a user are explained, with the addresses', async (t) => {
  const { service, ask } = await start(t)
  const { sid, sub, client, tokens, refreshToken } = await logIn(service)
  await service.post('/logout', { refresh_token: refreshToken })
  const refused = await service.refresh(client, refreshToken)
  const { request_id: requestId } = refused.json()
  const story = { sid, sub, state: 'ended', end: { reason: 'logged_out', by: sub } }
  const { jti } = claimsOf(tokens.access_token)
  for (const [id, kind] of [
    [sid, 'session'],
    [jti, 'access_token'],
    [requestId, 'request'],
  ]) {
    const answer = await ask(`GET /explanations/sessions/${id}`)
    t.match(answer.json(), { kind, sessions: [story] })
    t.match(answer.json().sessions[0].sentences.at(-1), /because the user logged out there/)
    t.match(answer.json().sessions[0].page, `${ISSUER}/errors/session_revoked`)
    t.notMatch(answer.body, refreshToken.slice(10, 40))
  }
  const unknown = await ask('GET /explanations/sessions/a%20b')
  t.match(unknown.json(), { kind: 'unknown', sessions: [] })
  const user = (await ask(`GET /explanations/users/${sub}?last=1h`)).json()
  t.match(user, { known: true, sessions: [{ sid, end: { address: '127.0.0.1' } }] })
  t.match(user.summary, [/was logged out of 1 of 1 session/, /^0 sessions are alive/])
  t.match((await ask('GET /explanations/users/nobody')).json(), { known: false })
  for (const id of ['', '%00', '%20', 'a%0a']) {
    t.equal((await ask(`GET /explanations/users/${id}`)).statusCode, 400, id)
    t.equal((await ask(`GET /explanations/sessions/${id}`)).statusCode, 400, id)
  }
  for (const last of ['0s', '99999d', '1w', '']) {
    const answer = await ask(`GET /explanations/users/${sub}?last=${last}`)
    t.equal(answer.json().code, 'parameter_invalid', last)
  }
})
