import { randomUUID } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { createCorrectedClock, systemClock } from '../../src/base/clock.ts'
import { createAllowedOrigins } from '../../src/clients/origins.ts'
import { DatabaseUnavailable } from '../../src/db/failure.ts'
import { migrateUp } from '../../src/db/migrate.ts'
import { measureClockOffset } from '../../src/db/reference-clock.ts'
import { createFetchCount } from '../../src/keys/fetches/count.ts'
import { listVerifiers } from '../../src/keys/fetches/store.ts'
import { listSigningKeys } from '../../src/keys/store.ts'
import { clean } from '../../src/maintenance/clean.ts'
import { keepEvents } from '../../src/maintenance/keep-events.ts'
import { keepFetches } from '../../src/maintenance/keep-fetches.ts'
import { type PrepareOptions, prepare } from '../../src/maintenance/prepare.ts'
import { createRememberKeys } from '../../src/maintenance/remember-keys.ts'
import { createStoppedClock } from '../support/clock.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { createTestKeys } from '../support/keys.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { createSeededRandom } from '../support/random.ts'
import { createTestService } from '../support/service.ts'
import { connect, createSessions, type Sessions } from './fixtures/sessions.ts'

const DAY = 86_400_000
const nothing = async () => {}

/** So many copies of the one session, and marks of revoked tokens, that end at an instant. */
async function addRows(sessions: Sessions, count: number, endsAt: number): Promise<void> {
  const at = new Date(endsAt)
  await query(
    sessions.url,
    `insert into sessions (id, handle_hash, generation, recoveries, client_id, sub, scope, audience,
      roles, claims, auth_time, amr, created_at, last_used_at, idle_expires_at, expires_at)
    select gen_random_uuid(), uuid_send(gen_random_uuid()), 0, 0, client_id, sub, scope, audience,
      roles, claims, auth_time, amr, created_at, last_used_at, idle_expires_at, $1
    from (select * from sessions limit 1) as model, generate_series(1, $2)`,
    [at, count],
  )
}
const addMarks = (url: string, count: number, endsAt: number) =>
  query(
    url,
    `insert into revoked_tokens select gen_random_uuid()::text, $1::timestamptz, $1
    from generate_series(1, $2)`,
    [new Date(endsAt), count],
  )

t.test('only what has expired is deleted, sessions a month after', async (t) => {
  const sessions = await createSessions(t)
  const { clock, endSessions, url } = sessions
  const alive = await sessions.start()
  const ended = await sessions.start()
  await endSessions.end({ sid: ended.session.sid }, 'logged_out', {
    by: 'x',
    origin: { requestId: undefined, address: undefined, userAgent: undefined },
  })
  const idle = await sessions.start({ idleTtlSeconds: 1 })
  clock.advance(60)
  const now = clock.now()
  await addRows(sessions, 1, now - 1)
  await addRows(sessions, 1, now - 30 * DAY)
  await addRows(sessions, 2, now - 30 * DAY - 1)
  await addMarks(url, 1, now)
  await addMarks(url, 1, now + 1)
  await addMarks(url, 3, now - 1)
  const pause = async () => {
    t.fail('there was only one batch of each')
  }
  t.equal(await clean({ db: sessions.database.kysely, clock, pause }), 5)
  const kept = await query(url, 'select id from sessions')
  t.equal(kept.length, 5)
  for (const { session } of [alive, ended, idle]) t.ok(kept.some(({ id }) => id === session.sid))
  t.equal((await query(url, 'select from revoked_tokens')).length, 2)
  t.equal(await clean({ db: sessions.database.kysely, clock, pause }), 0)
  t.equal((await sessions.rotate(alive.refreshToken)).outcome, 'rotated')
})

t.test('much is deleted in batches, with pauses, by several replicas at once', async (t) => {
  const sessions = await createSessions(t)
  const { clock, url } = sessions
  await sessions.start()
  const db = sessions.database.kysely
  let _pauses = 0
  const left: number[] = []
  const pause = async () => {
    _pauses += 1
    left.push((await query(url, 'select from sessions')).length)
  }
  await addRows(sessions, 1200, clock.now() - 31 * DAY)
  t.equal(await clean({ db, clock, pause }), 1200)
  t.strictSame(left, [701, 201], 'at most 500 at once')
  await addRows(sessions, 1000, clock.now() - 31 * DAY)
  const totals = await Promise.all([clean({ db, clock, pause }), clean({ db, clock, pause })])
  t.equal(totals[0] + totals[1], 1000, 'no row is counted twice')
  t.equal((await query(url, 'select from sessions')).length, 1)
})

t.test('a row that somebody holds is left for the next time, not waited for', async (t) => {
  const sessions = await createSessions(t)
  const { clock, url } = sessions
  await sessions.start()
  await addRows(sessions, 3, clock.now() - 31 * DAY)
  const db = sessions.database.kysely
  await connect(t, url, 1).transaction(async (tx) => {
    const [held] = await query(url, 'select id::text from sessions order by expires_at limit 1')
    await tx
      .selectFrom('sessions')
      .select('id')
      .where('id', '=', String(held?.id))
      .forUpdate()
      .execute()
    t.equal(await clean({ db, clock, pause: nothing }), 2)
  })
  t.equal(await clean({ db, clock, pause: nothing }), 1)
})

t.test('the distance to the database’s clock is measured', async (t) => {
  const database = connect(t, await createTestDatabase(t), 1)
  await measureClockOffset(database, systemClock)
  const near = await measureClockOffset(database, systemClock)
  const hour = 3_600_000
  const late = await measureClockOffset(database, { now: () => systemClock.now() - hour })
  t.ok(Number.isInteger(near))
  t.ok(Math.abs(late - near - hour) < 60_000, 'a host an hour behind is corrected forwards')
  // The answer is compared with the middle of the round trip.
  const clock = createStoppedClock(0)
  let calls = 0
  const now = () => (calls++ === 0 ? clock.now() : clock.now() + 1000)
  const still = await measureClockOffset(database, clock)
  const slow = await measureClockOffset(database, { now })
  t.ok(Math.abs(still - slow - 1000) < 60_000, 'a long one is measured again')
  t.equal(calls, 4)
})

/** What it takes to get ready on a database, and what was said meanwhile. */
function createPreparation(t: Parameters<typeof connect>[0], url: string) {
  const database = connect(t, url, 1)
  const said: string[] = []
  const say = (fields: object, message: string) => {
    said.push('obstacle' in fields ? String(fields.obstacle) : message)
  }
  const hostClock = createStoppedClock()
  const options: PrepareOptions = {
    issuer: 'https://auth.example',
    database,
    ...createTestKeys({ database, clock: hostClock }),
    rememberKeys: { once: nothing },
    allowedOrigins: createAllowedOrigins({ db: database.kysely, clock: hostClock }),
    clock: createCorrectedClock(hostClock),
    hostClock,
    retentionSeconds: 90 * 86_400,
    migrate: undefined,
    seed: async () => {},
    logger: { info: say, warn: say },
    pause: async () => {
      throw new Error('there is nothing to wait for')
    },
  }
  return { options, said, database }
}

/** Does the given things, one a pause. */
const pauses = (...steps: (() => Promise<unknown>)[]) => {
  const left = [...steps]
  return async () => {
    const step = left.shift()
    if (step === undefined) throw new Error('it waits for longer than it should')
    await step()
  }
}

t.test('a database that is migrated is ready at once', async (t) => {
  const { options, said } = createPreparation(t, await createTestDatabase(t))
  await prepare(options)
  t.ok(options.keyRing.loaded)
  t.not(options.clock.offset, 0, 'the clock was held against the database’s')
  t.strictSame(said, ['ready'])
})

t.test('and says how far its host’s clock is from the database’s', async (t) => {
  const { options } = createPreparation(t, await createTestDatabase(t))
  const told: object[] = []
  const info = (fields: object) => told.push(fields)
  await prepare({ ...options, logger: { ...options.logger, info } })
  t.strictSame(told, [{ offset_ms: options.clock.offset }])
})

t.test('migrations that somebody else applies are waited for', async (t) => {
  const url = await createTestDatabase(t, 'empty')
  const { options, said, database } = createPreparation(t, url)
  const migrate = async () => {
    t.notOk(options.keyRing.loaded, 'nothing was read before')
    await migrateUp(database)
  }
  await prepare({ ...options, pause: pauses(nothing, nothing, migrate) })
  t.ok(options.keyRing.loaded)
  t.equal(said.length, 2, 'an obstacle is told once')
  t.match(said, [/pending.*"mintmark migrate up"/, 'ready'])
})

t.test('or applied here, when that was asked for', async (t) => {
  const { options, said, database } = createPreparation(t, await createTestDatabase(t, 'empty'))
  await prepare({ ...options, migrate: () => migrateUp(database) })
  t.strictSame([options.keyRing.loaded, said], [true, ['ready']])
})

t.test('a database that is away is waited for, at whatever step it goes', async (t) => {
  const gate = await createGatedDatabase(t)
  const { options, said } = createPreparation(t, gate.url)
  await gate.shut()
  await prepare({ ...options, pause: pauses(nothing, gate.open) })
  t.ok(options.keyRing.loaded)
  t.match(said, [/^the database does not answer: ./, 'ready'])

  let loads = 0
  const keyRing = {
    ...options.keyRing,
    load: async () => {
      loads += 1
      if (loads === 1) throw new DatabaseUnavailable(new Error('gone'), false)
    },
  }
  await t.resolves(prepare({ ...options, keyRing, pause: pauses(nothing) }), 'at the last step')
  t.equal(loads, 3, 'before and after what is due of them')
})

t.test('meanwhile the JWKS is what was last known, and nothing is signed', async (t) => {
  const gate = await createGatedDatabase(t)
  const { options, said } = createPreparation(t, gate.url)
  const { keyRing, hostClock } = options
  const keys = await listSigningKeys(connect(t, gate.url, 1).kysely)
  await gate.shut()
  let reads = 0
  const read = async () => {
    reads += 1
    const now = hostClock.now()
    return { keys, confirmedAt: now - 1000, goodUntil: now + 1000 }
  }
  let remembered = ''
  const away = async () => {
    const jwks = keyRing.jwks()
    remembered = jwks?.body ?? ''
    t.equal(jwks?.changesAt, hostClock.now() - 1000, 'it may have changed since')
    for (const { kid } of keys) t.ok(keyRing.find(kid), 'what was signed is verified')
    t.notOk(keyRing.loaded)
    await t.rejects(keyRing.signer(['ES256'], 'at+jwt'))
  }
  const rememberKeys = createRememberKeys({ ...options, jwksSnapshot: { read } })
  await prepare({ ...options, rememberKeys, pause: pauses(away, nothing, gate.open) })
  await rememberKeys.unlessAnswered()
  t.equal(reads, 1, 'once')
  t.match(said, [/as it was last known/, /does not answer/, 'ready'])
  t.equal(keyRing.jwks()?.body, remembered, 'the very bytes')
  t.ok(keyRing.loaded)
})

t.test('it is known before the first request if the database does not answer then', async (t) => {
  const gate = await createGatedDatabase(t)
  const { options, said } = createPreparation(t, gate.url)
  const keys = await listSigningKeys(connect(t, gate.url, 1).kysely)
  const read = async () => ({ keys, confirmedAt: 0, goodUntil: Infinity })
  const remember = () => createRememberKeys({ ...options, jwksSnapshot: { read } }).unlessAnswered()
  await remember()
  t.equal(options.keyRing.jwks(), undefined, 'a database that answers knows better')
  await gate.shut()
  await remember()
  t.ok(options.keyRing.jwks())
  t.match(said, [/as it was last known/])
})

t.test('what waiting cannot mend is thrown', async (t) => {
  const { options } = createPreparation(t, await createTestDatabase(t))
  const masterKeys = [{ id: 9, key: createSeededRandom('other').bytes(32) }]
  const { keyRing } = createTestKeys({ database: options.database, masterKeys })
  await t.rejects(prepare({ ...options, keyRing }), { name: 'CannotUnseal' })
  const migrate = async () => {
    throw new Error('migration 0001_first failed and was rolled back')
  }
  await t.rejects(prepare({ ...options, migrate }), /0001_first failed/)
})

t.test('a start tells which client’s cookie can never reach the service', async (t) => {
  const service = await createTestService(t)
  await service.addClient({ clientId: 'fine', refreshTokenIn: 'cookie', allowedOrigins: [] })
  await service.addClient({
    clientId: 'lost',
    refreshTokenIn: 'cookie',
    allowedOrigins: ['https://app.auth.example', 'https://app.elsewhere.example'],
  })
  await service.addClient({ clientId: 'plain', allowedOrigins: ['https://app.elsewhere.example'] })
  const { options } = createPreparation(t, service.databaseUrl)
  const told: object[] = []
  const logger = { info: () => {}, warn: (fields: object) => told.push(fields) }
  await prepare({ ...options, logger })
  t.match(told, [{ client_id: 'lost', problem: /app\.elsewhere\.example.*of different sites/ }])
  t.equal(told.length, 1)
})

t.test('events have a partition for each day, which is dropped after its time', async (t) => {
  const sessions = await createSessions(t)
  const { database, url, clock } = sessions
  const keep = (retentionDays: number) =>
    keepEvents({ database, clock, retentionSeconds: retentionDays * 86_400 })
  const partitions = async () => {
    const rows = await query(
      url,
      "select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'events'::regclass order by 1",
    )
    return rows.map(({ name }) => name)
  }
  const rowsIn = async (name: string) => (await query(url, `select from ${name}`)).length
  const day = (n: number) =>
    `events_${new Date(clock.now() + n * DAY).toISOString().slice(0, 10).replaceAll('-', '_')}`
  // Before the first partition was made, events were written.
  await sessions.start()
  const made = await Promise.all([keep(90), keep(90), keep(90)])
  t.equal(
    made.reduce((sum, one) => sum + one.made, 0),
    7,
    'replicas that do so at once, each once',
  )
  const [today, tomorrow] = [day(0), day(1)]
  t.strictSame(await partitions(), [...[1, 2, 3, 4, 5, 6, 7].map(day), 'events_of_no_day'])
  t.equal(await rowsIn('events_of_no_day'), 1, 'the day that had events already stays where it is')
  clock.advance(86_400)
  await sessions.start()
  t.equal(await rowsIn(tomorrow), 1, 'the next day has its own')
  clock.advance(30 * 86_400)
  t.strictSame(await keep(90), { made: 8, dropped: 0 }, 'after a month off')
  t.equal((await query(url, 'select from events')).length, 2, 'nothing is lost')
  t.strictSame(await keep(30), { made: 0, dropped: 0 }, 'the last event is not older than that')
  t.equal(await rowsIn('events_of_no_day'), 0, 'but what was in no partition is')
  clock.advance(86_400)
  t.match(await keep(30), { dropped: 1 })
  t.notOk((await partitions()).includes(tomorrow) || (await partitions()).includes(today))
  t.equal((await query(url, 'select from events')).length, 0)
})

t.test('a role that may not make tables starts all the same, and says so', async (t) => {
  const url = await createTestDatabase(t)
  const name = `mintmark_role_${randomUUID().replaceAll('-', '')}`
  await query(url, `create role ${name} login password 'x'`)
  t.teardown(async () => {
    await query(url, `drop owned by ${name}`)
    await query(url, `drop role ${name}`)
  })
  await query(url, `grant all on all tables in schema public to ${name}`)
  const as = new URL(url)
  as.username = name
  as.password = 'x'
  const { options, said } = createPreparation(t, as.href)
  await prepare(options)
  t.strictSame(said, ['cannot make or drop the partitions of events', 'ready'])
})

t.test('so does one that finds the events locked, as by a backup', async (t) => {
  const url = await createTestDatabase(t)
  const backup = new pg.Client(url)
  await backup.connect()
  t.teardown(() => backup.end())
  await backup.query('begin; lock table events, events_of_no_day in access share mode')
  const { options, said } = createPreparation(t, url)
  await prepare(options)
  t.strictSame(said, ['cannot make or drop the partitions of events', 'ready'])
})

t.test('who fetched the JWKS is added up over all replicas, and over an outage', async (t) => {
  const gate = await createGatedDatabase(t)
  const db = connect(t, gate.url).kysely
  const [one, two] = [createFetchCount(), createFetchCount()]
  await keepFetches({ db, jwksFetches: one })
  t.strictSame(await listVerifiers(db), [], 'nothing was counted')
  one.add('jose', '192.0.2.1', 2_000)
  one.add('jose', '192.0.2.1', 3_000)
  two.add('go', '192.0.2.1', 2_500)
  two.add('jose', '192.0.2.1', 1_000)
  await Promise.all([one, two].map((jwksFetches) => keepFetches({ db, jwksFetches })))
  const go = { family: 'go', address: '192.0.2.1', firstAt: 2_500, lastAt: 2_500, fetches: 1 }
  const jose = { family: 'jose', address: '192.0.2.1', firstAt: 1_000, lastAt: 3_000, fetches: 3 }
  t.strictSame(await listVerifiers(db), [go, jose])

  await gate.shut()
  one.add('jose', '192.0.2.1', 4_000)
  await keepFetches({ db, jwksFetches: one })
  one.add('jose', '192.0.2.1', 5_000)
  await keepFetches({ db, jwksFetches: one })
  await gate.open()
  await keepFetches({ db, jwksFetches: one })
  await keepFetches({ db, jwksFetches: one })
  t.strictSame(await listVerifiers(db), [go, { ...jose, lastAt: 5_000, fetches: 5 }], 'each once')
})

t.test('a flood of addresses pushes out no verifier that has come back', async (t) => {
  const db = connect(t, await createTestDatabase(t)).kysely
  const jwksFetches = createFetchCount()
  const keep = () => keepFetches({ db, jwksFetches, most: 5 })
  const addresses = async () => (await listVerifiers(db)).map(({ address }) => address)
  for (const at of [0, DAY]) {
    for (const n of [1, 2, 3]) jwksFetches.add('jose', `192.0.2.${n}`, at)
    await keep()
  }
  for (let wave = 0; wave < 3; wave += 1) {
    for (let n = 0; n < 20; n += 1) jwksFetches.add('jose', `198.51.${wave}.${n}`, 2 * DAY + wave)
    await keep()
    const kept = await addresses()
    t.equal(kept.length, 5, 'there is an end to it')
    t.strictSame(kept.slice(0, 3), ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
    t.ok(
      kept.slice(3).every((address) => address.startsWith(`198.51.${wave}.`)),
      'and the newest',
    )
  }
})

t.test('a verifier is forgotten a month after it came last', async (t) => {
  const { kysely: db } = connect(t, await createTestDatabase(t))
  const clock = createStoppedClock()
  const jwksFetches = createFetchCount()
  const since = clock.now() - 30 * DAY
  jwksFetches.add('jose', '192.0.2.1', since - 1)
  jwksFetches.add('jose', '192.0.2.2', since)
  jwksFetches.add('jose', '192.0.2.3', since - DAY)
  jwksFetches.add('jose', '192.0.2.3', since + 1)
  await keepFetches({ db, jwksFetches })
  t.equal(await clean({ db, clock, pause: nothing }), 1)
  t.strictSame(
    (await listVerifiers(db)).map(({ address }) => address),
    ['192.0.2.2', '192.0.2.3'],
  )
})
