import { mock } from 'node:test'
import pg from 'pg'
import t, { type Test } from 'tap'
import { uuidV7 } from '../../src/base/random.ts'
import { cleanFeed } from '../../src/maintenance/clean.ts'
import { runMaintenance } from '../../src/maintenance/runner.ts'
import { endAsLogged } from '../../src/sessions/end-many.ts'
import { claimsOf } from '../support/answer.ts'
import { query } from '../support/database.ts'
import { createSeededRandom } from '../support/random.ts'
import { fetchList } from '../support/revocations.ts'
import { createTestService, type TestService } from '../support/service.ts'

const operator = {
  by: 'operator',
  origin: { requestId: undefined, address: undefined, userAgent: undefined },
}

/** A service with a client that may do everything, and what something adds to its list. */
async function createAnnouncing(t: Test) {
  const service = await createTestService(t)
  const client = await service.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials', 'password', 'refresh_token'],
  })
  let seq = 0
  return {
    service,
    client,
    ...service.parts,
    seconds: () => service.clock.now() / 1000,
    async logIn() {
      const { tokens, sub } = await service.logIn(client)
      return { tokens, sub, sid: claimsOf(tokens.access_token).sid as string }
    },
    /** The entries without the time that they live. */
    async added(work: () => Promise<unknown>) {
      await work()
      const list = await fetchList(service, seq)
      t.ok(list.since === seq && !list.more, 'it continues')
      seq = list.seq
      return list.entries.map(({ exp, ...rest }) => rest)
    },
  }
}

t.test('whatever ends a session is announced', async (t) => {
  const { service, client, logIn, added, endSessions, ...parts } = await createAnnouncing(t)
  const { basic } = client
  for (const path of ['/logout', '/revoke']) {
    const { tokens, sid } = await logIn()
    const form = { refresh_token: tokens.refresh_token, token: tokens.access_token }
    t.strictSame(await added(() => service.post(path, form, basic)), [{ sid }], path)
  }
  const { tokens, sid } = await logIn()
  const authorization = `Bearer ${tokens.access_token}`
  const url = `/sessions/${sid}`
  t.strictSame(
    await added(() => service.inject({ method: 'DELETE', url, headers: { authorization } })),
    [{ sid }],
    'by its user',
  )

  const stolen = await logIn()
  let { refresh_token: token } = stolen.tokens
  for (const _ of [1, 2, 3]) {
    service.clock.advance(120)
    token = (await service.refresh(client, token)).json().refresh_token
  }
  service.clock.advance(120)
  t.strictSame(
    await added(() => service.refresh(client, stolen.tokens.refresh_token)),
    [{ sid: stolen.sid }],
    'by reuse',
  )

  const user = await service.addUser()
  const login = { grant_type: 'password', username: user.username, password: user.password }
  const start = async () =>
    claimsOf((await service.post('/token', login, basic)).json().access_token).sid
  const first = await start()
  const ended = await added(() => endSessions.changePassword(user.username, 'hash', operator))
  t.strictSame(ended, [{ sid: first }], 'by a new password')
  const disabled = await service.addUser()
  Object.assign(login, disabled)
  const second = await start()
  t.strictSame(
    await added(() => endSessions.disableUser(disabled.username, operator)),
    [{ sid: second }],
    'by the end of its user',
  )

  const single = await service.addClient({ maxSessions: 1 })
  const { username, password } = await service.addUser()
  const again = { grant_type: 'password', username, password, client_id: single.clientId }
  const opened = (await service.post('/token', again)).json()
  service.clock.advance(1)
  t.strictSame(
    await added(() => service.post('/token', again)),
    [{ sid: claimsOf(opened.access_token).sid }],
    'by the session limit',
  )

  const logged = await logIn()
  const line = { sid: logged.sid, reason: 'client_disabled' as const, by: 'operator' }
  t.strictSame(
    await added(() => endAsLogged(endSessions, [line], operator)),
    [{ sid: logged.sid }],
    'again, after a restore that has lost the cut-off',
  )
  t.strictSame(await added(async () => parts.cutOffs.markRest()), [], 'and nothing else is')
})

t.test('tokens, keys and cut-offs are announced', async (t) => {
  const { service, client, logIn, added, seconds, ...parts } = await createAnnouncing(t)
  const { cutOffs, keyOperations } = parts
  const { clientId: id, basic } = client
  const own = await service.post('/token', { grant_type: 'client_credentials' }, basic)
  const { access_token: token } = own.json()
  const { jti, exp } = claimsOf(token)
  t.strictSame(await added(() => service.post('/revoke', { token }, basic)), [{ jti }])
  t.equal((await fetchList(service)).entries[0]?.exp, (exp as number) + 60, 'for its own life')
  t.strictSame(await added(() => service.post('/revoke', { token }, basic)), [], 'once')

  const { sub, sid } = await logIn()
  t.strictSame(
    await added(() => cutOffs.set({ kind: 'user', id: sub }, undefined, operator)),
    [{ sub, before: seconds() }, { sid }],
    'a user',
  )
  await logIn()
  service.clock.advance(1)
  const early = service.clock.now() - 500
  t.strictSame(
    await added(() => cutOffs.set({ kind: 'client', id }, early, operator)),
    [{ client_id: id, before: early / 1000, issued_before: early / 1000 }],
    'a client, but not each of its sessions',
  )
  await logIn()
  t.strictSame(await added(() => cutOffs.disableClient(id, operator)), [
    { client_id: id, before: seconds() + 1, issued_before: seconds() },
  ])
  await cutOffs.enableClient(id, operator)
  const later = await logIn()
  const startedAt = Number.parseInt(later.sid.replaceAll('-', '').slice(0, 12), 16) / 1000
  t.equal(startedAt, seconds() + 1, 'what starts after it is not behind it, by its sid')
  t.strictSame(
    await added(() => cutOffs.set({ kind: 'client', id }, early, operator)),
    [{ client_id: id, before: seconds() + 1, issued_before: seconds() }],
    'the newest stands',
  )
  t.strictSame(await added(() => cutOffs.deleteClient(id, operator)), [
    { client_id: id, before: seconds() + 1.001, issued_before: seconds() },
  ])

  const [key] = await query(service.databaseUrl, "select kid from signing_keys where alg = 'RS256'")
  const kid = key?.kid as string
  t.strictSame(await added(() => keyOperations.revocations.revoke(kid, operator)), [{ kid }])
  const cached = 300 + 3_600 + 86_400
  t.equal(
    (await fetchList(service)).entries.find((entry) => entry.kid === kid)?.exp,
    seconds() + cached + 86_400 + 70,
    'for as long as a cache may give it, and a verifier then hold it',
  )
  t.strictSame(await added(() => keyOperations.revocations.revoke(kid, operator)), [], 'once')
})

t.test('nothing is announced of what is undone', async (t) => {
  const { service, added, recordEvents, database } = await createAnnouncing(t)
  const event = { type: 'token.revoked', jti: 'x', sub: 'a', clientId: 'b' } as const
  const undone = database.transaction(async (tx) => {
    await recordEvents(tx, operator.origin, [event])
    throw new Error('undone')
  })
  t.strictSame(await added(() => undone.catch(() => {})), [])
  t.strictSame(await query(service.databaseUrl, 'select from revocations'), [])
})

t.test('an entry lives for as long as a token that it concerns, and is deleted then', async (t) => {
  const { service, logIn, endSessions, database, clock } = await createAnnouncing(t)
  const { databaseUrl } = service
  await query(databaseUrl, 'update signing_keys set token_ttl_seconds = 600')
  await service.addClient({ accessTokenTtlSeconds: 1200 })
  const { sid } = await logIn()
  await endSessions.end({ sid }, 'ended_by_operator', operator)
  const exp = clock.now() / 1000 + 1270
  t.strictSame((await fetchList(service)).entries, [{ sid, exp }], 'the longest life, and 70 s')
  const count = async () => (await query(databaseUrl, 'select from revocations')).length
  const pause = async () => {}
  service.clock.advance(1269)
  await service.parts.keyRing.load()
  await cleanFeed({ db: database.kysely, clock, pause })
  t.equal((await fetchList(service)).entries.length, 1)
  t.equal(await count(), 1)
  service.clock.advance(2)
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  t.teardown(runMaintenance({ ...service.parts, pause }))
  mock.timers.tick(60_000)
  await until(service, 'the minute', 'select where not exists (select from revocations)')
  const { entries, seq } = await fetchList(service)
  t.strictSame(entries, [])
  t.ok(seq > 0, 'its number stays')
  t.equal(await count(), 0)
})

t.test('what an end costs does not rise with the number of clients', async (t) => {
  const service = await createTestService(t)
  const { databaseUrl } = service
  await service.addClient({ accessTokenTtlSeconds: 900 })
  await query(
    databaseUrl,
    `insert into clients select (jsonb_populate_record(c, jsonb_build_object('client_id', 'c' || n))).*
     from clients c, generate_series(1, 5000) as n`,
  )
  await query(databaseUrl, 'analyze clients')
  const plan = await query(databaseUrl, 'explain select max(access_token_ttl_seconds) from clients')
  t.match(JSON.stringify(plan), /Index Only Scan Backward using clients_by_access_token_ttl/)
})

/** A connection that writes entries as a transaction of any length does. */
async function connectWriter(t: Test, { databaseUrl, clock }: TestService, seed: string) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  t.teardown(() => client.end())
  const random = createSeededRandom(seed)
  return {
    query: (text: string) => client.query(text),
    async write(subject: string) {
      const now = clock.now()
      await client.query(
        `insert into revocations (id, kind, subject, made_at, expires_at) values ($1, 'sid', $2, $3, $4)`,
        [uuidV7(now, random), subject, new Date(now), new Date(now + 600_000)],
      )
    },
  }
}

async function until({ databaseUrl }: TestService, what: string, sql: string): Promise<void> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if ((await query(databaseUrl, sql)).length > 0) return
  }
  throw new Error(`waited in vain for ${what}`)
}

const subjectsOf = (list: { entries: readonly Record<string, unknown>[] }) =>
  list.entries.map(({ sid }) => sid)

t.test('whoever goes on from a number misses nothing that is committed later', async (t) => {
  const service = await createTestService(t)
  const other = await createTestService(t, { beside: service })
  const [a, b, c] = await Promise.all(
    ['a', 'b', 'c'].map((seed) => connectWriter(t, service, seed)),
  )
  if (!a || !b || !c) throw new Error('three writers')
  for (const writer of [a, b, c]) await writer.query('begin')
  await a.write('a')
  await b.write('b')
  await b.query('commit')
  const first = await fetchList(service)
  t.strictSame(subjectsOf(first), ['b'], 'the later one, whose transaction was faster')
  await c.write('c')
  await a.query('commit')
  const second = await fetchList(other, first.seq)
  t.strictSame(subjectsOf(second), ['a'], 'from another replica')
  t.strictSame(subjectsOf(await fetchList(service, first.seq)), ['a'], 'and from this one')
  await c.query('rollback')
  t.strictSame(subjectsOf(await fetchList(other, second.seq)), [])
  t.strictSame(subjectsOf(await fetchList(service)), ['b', 'a'], 'in the order of their numbers')
})

t.test('while another one gives numbers, nobody reads past them', async (t) => {
  const service = await createTestService(t)
  const [holder, writer] = await Promise.all(
    ['a', 'b'].map((seed) => connectWriter(t, service, seed)),
  )
  if (!holder || !writer) throw new Error('two connections')
  await writer.write('a')
  const { seq } = await fetchList(service)
  await writer.write('b')
  await holder.query('begin')
  await holder.query('select from revocation_feed for update')
  await holder.query(`update revocations set seq = ${seq + 1} where subject = 'b'`)
  await holder.query(`update revocation_feed set last_seq = ${seq + 1}`)
  await writer.write('c')
  const reading = fetchList(service, seq)
  await until(
    service,
    'a replica that wants to give numbers',
    "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
  )
  await holder.query('commit')
  const list = await reading
  t.strictSame(subjectsOf(list), ['b', 'c'])
  const numbers = await query(service.databaseUrl, 'select seq from revocations order by seq')
  t.strictSame(new Set(numbers.map((row) => row.seq)).size, 3, 'none was given twice')
})

t.test('writers and replicas in a race, and a reader that misses none', async (t) => {
  const ROUNDS = 20
  const service = await createTestService(t)
  const replicas = [
    service,
    await createTestService(t, { beside: service }),
    await createTestService(t, { beside: service }),
  ]
  const writers = await Promise.all(
    ['a', 'b', 'c', 'd'].map((seed) => connectWriter(t, service, seed)),
  )
  const random = createSeededRandom(t.name)
  let cursor = 0
  const seen: unknown[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const written = writers.map(async (writer, place) => {
      await writer.query('begin')
      for (let turn = 0; turn <= (random.bytes(1)[0] as number) % 4; turn += 1) {
        await writer.write(`${round}.${place}.${turn}`)
      }
      await writer.query(place === 3 ? 'rollback' : 'commit')
    })
    const numbered = replicas.map(({ parts }) => parts.revocationFeed.read())
    const replica = replicas[round % 3] as TestService
    const list = await fetchList(replica, cursor)
    cursor = list.seq
    seen.push(...subjectsOf(list))
    await Promise.all([...written, ...numbered])
  }
  const last = await fetchList(service, cursor)
  seen.push(...subjectsOf(last))
  const rows = await query(service.databaseUrl, 'select subject from revocations')
  t.ok(rows.length >= ROUNDS * 3, `${rows.length} entries`)
  t.strictSame(seen.sort(), rows.map(({ subject }) => subject).sort(), 'each of them, and once')
})

t.test('a long list comes in pages', async (t) => {
  const service = await createTestService(t)
  await query(
    service.databaseUrl,
    `insert into revocations (id, kind, subject, made_at, expires_at)
     select gen_random_uuid(), 'jti', n::text, $1, $2 from generate_series(1, 12001) as n`,
    [new Date(service.clock.now()), new Date(service.clock.now() + 600_000)],
  )
  const seen = new Set<unknown>()
  const lengths = []
  for (let since = 0, more = true; more; ) {
    const list = await fetchList(service, since, { read: since === 0 })
    t.equal(list.since, since)
    for (const { jti } of list.entries) seen.add(jti)
    lengths.push(list.entries.length)
    since = list.seq
    more = list.more
  }
  t.strictSame(lengths, [5000, 5000, 2001])
  t.equal(seen.size, 12_001)
})

t.test('whoever is far behind gets a page that is signed already', async (t) => {
  const service = await createTestService(t)
  const { databaseUrl, parts, clock } = service
  const end = (count: number, seconds: number) =>
    query(
      databaseUrl,
      `insert into revocations (id, kind, subject, made_at, expires_at)
       select gen_random_uuid(), 'jti', n::text, $1, $2 from generate_series(1, $3::int) as n`,
      [new Date(clock.now()), new Date(clock.now() + seconds * 1_000), count],
    )
  const tagAt = async (since: number) =>
    (await service.inject({ url: `/.well-known/revocations?since=${since}` })).headers.etag
  const behind = (missing: number) => fetchList(service, last - missing, { read: false })

  await end(1, 2)
  await parts.revocationFeed.read()
  await end(5_300, 600)
  const { seq: inFirst } = await fetchList(service)
  const { seq: last } = await fetchList(service, inFirst)
  const first = last - 5_300
  const tag = await tagAt(0)
  for (const since of [7, first, first + 1, first + 4_998]) t.equal(await tagAt(since), tag)
  t.match(await behind(301), { since: first + 4_999, more: false }, 'the second page')
  const few = await behind(200)
  t.equal(few.entries.length, 200, 'who misses little gets little')
  t.equal(few.since, last - 200)

  await end(1, 600)
  clock.advance(0.999)
  await parts.revocationFeed.read()
  t.equal(await tagAt(0), tag, 'news at the end change nothing at the beginning')
  t.equal((await behind(0)).entries.length, 1)
  clock.advance(0.001)
  await parts.revocationFeed.read()
  t.not(await tagAt(0), tag, 'but its time is not older than a second')

  clock.advance(1)
  await parts.revocationFeed.read()
  t.match(await behind(301), { since: 0, more: true }, 'pages move when one is over')
  t.match(await behind(300), { since: first + 5_000, more: false })
})

t.test(
  'after the database was set back the list is read anew, and its numbers still rise',
  async (t) => {
    const service = await createTestService(t)
    const writer = await connectWriter(t, service, 'a')
    await writer.write('kept')
    const kept = await fetchList(service)
    await writer.write('lost')
    const before = await fetchList(service)
    await query(service.databaseUrl, `delete from revocations where subject = 'lost'`)
    await query(service.databaseUrl, 'update revocation_feed set last_seq = $1', [kept.seq])
    t.match(await fetchList(service, before.seq), { since: 0, seq: kept.seq, more: false })
    service.clock.advance(1)
    await writer.write('new')
    const after = await fetchList(service, before.seq)
    t.ok(after.seq > before.seq, 'whoever knew more goes on from there')
    t.match(after, { since: kept.seq, entries: [{ sid: 'new' }] })
  },
)
