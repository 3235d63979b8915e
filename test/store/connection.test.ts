import { sql } from 'kysely'
import pg from 'pg'
import t, { type Test } from 'tap'
import { connectDatabase, type Database, type Executor } from '../../src/db/connect.ts'
import { DatabaseUnavailable } from '../../src/db/failure.ts'
import { migrateAt } from '../../src/db/migrate.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { connect, createSessions, tokenOf } from './fixtures/sessions.ts'

// Two of the tests wait for a limit of several seconds.
t.setTimeout(120_000)

const UNAVAILABLE = { name: 'DatabaseUnavailable' }

/** A database with one table of two rows. */
async function createTable(t: Test): Promise<string> {
  const url = await createTestDatabase(t, 'empty')
  await query(url, 'create table counts (id integer primary key, count integer not null)')
  await query(url, 'insert into counts values (1, 0), (2, 0)')
  return url
}
const counts = async (url: string) =>
  (await query(url, 'select count from counts order by id')).map(({ count }) => count)
const increment = (db: Executor, id: number) =>
  sql`update counts set count = count + 1 where id = ${id}`.execute(db)
const ask = (db: Executor) => sql<{ one: number }>`select 1 as one`.execute(db)
async function pidOf(db: Executor): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)
  return rows[0]?.pid as number
}

/** Ends a connection of the server and waits until it is gone. */
async function terminate(url: string, pid: number): Promise<void> {
  await query(url, 'select pg_terminate_backend($1)', [pid])
  const gone = 'select from pg_stat_activity where pid = $1'
  while ((await query(url, gone, [pid])).length > 0);
}

/** Waits for a connection of the pool to do what the condition says, and returns its pid. */
async function backend(url: string, condition: string): Promise<number> {
  const text = `select pid from pg_stat_activity
    where datname = current_database() and application_name = 'mintmark' and ${condition}`
  for (;;) {
    const [row] = await query(url, text)
    if (row !== undefined) return row.pid as number
  }
}

/** A meeting point of two; later comers pass. */
function createMeeting() {
  let missing = 2
  const { promise, resolve } = Promise.withResolvers<void>()
  return () => {
    missing -= 1
    if (missing <= 0) resolve()
    return promise
  }
}

t.test('a transaction that loses a deadlock is tried again, and both are kept', async (t) => {
  const url = await createTable(t)
  const database = connect(t, url)
  const meet = createMeeting()
  let attempts = 0
  const move = (first: number, second: number) =>
    database.transaction(async (tx) => {
      attempts += 1
      await increment(tx, first)
      await meet()
      await increment(tx, second)
      return first
    })
  t.strictSame(await Promise.all([move(1, 2), move(2, 1)]), [1, 2])
  t.ok(attempts >= 3, 'one of them lost, or each of them once')
  t.strictSame(await counts(url), [2, 2], 'what the loser had done was undone')
})

t.test('a transaction that loses a serialization conflict is tried again', async (t) => {
  const url = await createTable(t)
  const database = connect(t, url)
  const meet = createMeeting()
  let attempts = 0
  const add = () =>
    database.transaction(async (tx) => {
      attempts += 1
      await sql`set transaction isolation level repeatable read`.execute(tx)
      await sql`select * from counts`.execute(tx)
      await meet()
      await increment(tx, 1)
    })
  await Promise.all([add(), add()])
  t.equal(attempts, 3)
  t.strictSame(await counts(url), [2, 0])
})

t.test('a statement outside a transaction that loses a conflict is tried again', async (t) => {
  const url = await createTable(t)
  const database = connect(t, url, 1)
  await query(url, 'create sequence attempts')
  const loseTwice = `do $$ begin
    if nextval('attempts') % 3 > 0 then
      raise 'lost' using errcode = 'deadlock_detected';
    end if;
  end $$`
  await t.resolves(sql.raw(loseTwice).execute(database.kysely), 'a query')
  await t.resolves(database.run({ name: 'lose', text: loseTwice }, []), 'a prepared statement')
  t.match(await query(url, 'select last_value::int from attempts'), [{ last_value: 6 }])
})

t.test('one that loses again and again gives up after three, as an outage', async (t) => {
  const url = await createTable(t)
  const database = connect(t, url)
  const lose = "do $$ begin raise 'lost' using errcode = 'serialization_failure'; end $$"
  let attempts = 0
  const work = database.transaction(async (tx) => {
    attempts += 1
    await increment(tx, 1)
    await sql.raw(lose).execute(tx)
  })
  await t.rejects(work, { ...UNAVAILABLE, fateUnknown: false })
  t.equal(attempts, 3)
  await t.rejects(database.run({ name: 'lose', text: lose }, []), UNAVAILABLE)
  await t.rejects(sql.raw(lose).execute(database.kysely), UNAVAILABLE)
  t.strictSame(await counts(url), [0, 0])
})

t.test('what a transaction throws undoes it and comes out unchanged', async (t) => {
  const url = await createTable(t)
  const database = connect(t, url, 1)
  const refusal = new Error('a refusal')
  const throwing = database.transaction(async (tx) => {
    await increment(tx, 1)
    throw refusal
  })
  t.equal(await throwing.catch((error: unknown) => error), refusal)
  const insert = { name: 'insert', text: 'insert into counts values ($1, 0)' }
  await t.rejects(database.run(insert, [1]), { code: '23505' }, 'a refusal by a constraint')
  t.strictSame(await counts(url), [0, 0])
  await t.resolves(database.run(insert, [3]), 'and the one connection is as good as before')
})

/** Kills the connection that runs `pg_sleep`, and answers as what ran on it did. */
async function killSleeping<T>(url: string, lost: Promise<T>): Promise<T> {
  const killing = backend(url, "query like '%pg_sleep%'").then((pid) => terminate(url, pid))
  const [outcome] = await Promise.allSettled([lost, killing])
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}

const SLEEP = { name: 'sleep', text: 'select pg_sleep(60)' }
const KILLS: Record<string, (database: Database, url: string) => Promise<unknown>> = {
  'under a prepared statement': (database, url) => killSleeping(url, database.run(SLEEP, [])),
  'under a query': (database, url) =>
    killSleeping(url, sql.raw(SLEEP.text).execute(database.kysely)),
  'under a statement of a transaction': (database, url) =>
    killSleeping(
      url,
      database.transaction(async (tx) => {
        await increment(tx, 1)
        await sql.raw(SLEEP.text).execute(tx)
      }),
    ),
  'between two statements of a transaction': (database, url) =>
    database.transaction(async (tx) => {
      await increment(tx, 1)
      await terminate(url, await pidOf(tx))
      await increment(tx, 2)
    }),
  'before the commit': (database, url) =>
    database.transaction(async (tx) => {
      await increment(tx, 1)
      await terminate(url, await pidOf(tx))
    }),
}

for (const [when, kill] of Object.entries(KILLS)) {
  t.test(`a connection killed ${when} is an outage, and over at once`, async (t) => {
    const url = await createTable(t)
    const database = connect(t, url, 1)
    await t.rejects(kill(database, url), { ...UNAVAILABLE, fateUnknown: true })
    t.match((await ask(database.kysely)).rows, [{ one: 1 }], 'the next one is answered')
    await t.resolves(database.transaction((tx) => increment(tx, 2)))
    t.strictSame(await counts(url), [0, 1], 'nothing of the killed one was kept')
  })
}

t.test('a statement that the server stops is an outage that did nothing', async (t) => {
  const url = await createTable(t)
  const database = connect(t, url, 1)
  const lost = database.run(SLEEP, [])
  const stopping = backend(url, "query like '%pg_sleep%'").then((pid) =>
    query(url, 'select pg_cancel_backend($1)', [pid]),
  )
  await t.rejects(lost, { ...UNAVAILABLE, fateUnknown: false })
  await stopping
  t.match(await database.run({ name: 'one', text: 'select 1 as one' }, []), [{ one: 1 }])
})

t.test(
  'a statement has 5 seconds, on every connection; one of a migration has no limit',
  async (t) => {
    const url = await createTestDatabase(t, 'empty')
    const show = { name: 'show', text: 'show statement_timeout' }
    const database = connect(t, url, 3)
    const limits = await Promise.all([1, 2, 3].map(() => database.run(show, [])))
    t.strictSame(limits.flat(), Array(3).fill({ statement_timeout: '5s' }))
    const { rows } = await sql.raw(show.text).execute(database.kysely)
    t.strictSame(rows, [{ statement_timeout: '5s' }])

    await query(
      url,
      `create table kysely_migration (
      name varchar(255) primary key,
      timestamp varchar(255) not null,
      statement_timeout text not null default current_setting('statement_timeout')
    )`,
    )
    t.not((await migrateAt(url)).length, 0)
    const noted = await query(url, 'select distinct statement_timeout from kysely_migration')
    t.strictSame(noted, [{ statement_timeout: '0' }])
  },
)

t.test('an answer that never comes is an outage, unless it is a migration’s', async (t) => {
  const url = await createTable(t)
  // As of a server that is frozen: it does not keep its own limit.
  const unlimited = { name: 'unlimited', text: 'set statement_timeout = 0' }
  const database = connect(t, url, 1)
  await database.run(unlimited, [])
  const patient = connectDatabase({ url, poolSize: 1, onIdleError: () => {}, patient: true })
  t.teardown(() => patient.close())
  await Promise.all([
    t.rejects(database.run(SLEEP, []), { ...UNAVAILABLE, fateUnknown: true }),
    t.resolves(sql`select pg_sleep(7)`.execute(patient.kysely)),
  ])
  const next = { name: 'one', text: 'select 1 as one' }
  t.match(await database.run(next, []), [{ one: 1 }], 'nobody waits behind it')
})

t.test('a statement whose columns a migration changed fails once, as an outage', async (t) => {
  const url = await createTable(t)
  const database = connect(t, url, 1)
  const statement = { name: 'all', text: 'select * from counts order by id' }
  const before = { id: 1, count: 0 }
  t.match((await database.run(statement, []))[0], before)
  await query(url, 'alter table counts add column note text')
  await t.rejects(database.run(statement, []), { ...UNAVAILABLE, fateUnknown: false })
  t.strictSame((await database.run(statement, []))[0], { ...before, note: null }, 'then it is well')
})

t.test('an idle connection that breaks ends no process and fails no caller', async (t) => {
  const url = await createTable(t)
  const { promise: heard, resolve } = Promise.withResolvers<unknown>()
  const database = connectDatabase({ url, poolSize: 1, onIdleError: resolve })
  t.teardown(() => database.close())
  await terminate(url, await pidOf(database.kysely))
  t.ok((await heard) instanceof Error, 'it is told')
  t.match((await ask(database.kysely)).rows, [{ one: 1 }])
})

t.test('a server that is away is an outage for every way to ask, until it is back', async (t) => {
  const gate = await createGatedDatabase(t)
  const database = connect(t, gate.url)
  const ways: Record<string, () => Promise<unknown>> = {
    statement: () => database.run({ name: 'one', text: 'select 1 as one' }, []),
    query: () => ask(database.kysely),
    transaction: () => database.transaction((tx) => ask(tx)),
  }
  for (const [way, askIt] of Object.entries(ways)) await t.resolves(askIt(), way)
  for (const time of ['the first time', 'again']) {
    await gate.shut()
    for (const [way, askIt] of Object.entries(ways)) {
      for (let n = 0; n < 3; n += 1) await t.rejects(askIt(), UNAVAILABLE, `${way}, ${time}`)
    }
    await gate.open()
    for (const [way, askIt] of Object.entries(ways)) await t.resolves(askIt(), `${way}: back`)
  }
})

t.test('once the server takes no writes, no connection from before is used again', async (t) => {
  const url = await createTable(t)
  const database = connect(t, url, 3)
  const meet = createMeeting()
  const standBy = 'set default_transaction_read_only = on'
  const open = () =>
    database.transaction(async (tx) => {
      await sql.raw(standBy).execute(tx)
      await meet()
      return pidOf(tx)
    })
  const before = await Promise.all([open(), open()])
  await t.rejects(
    database.transaction((tx) => increment(tx, 1)),
    { ...UNAVAILABLE, fateUnknown: false },
  )
  t.notOk(before.includes(await pidOf(database.kysely)), 'not even to read')
  await database.transaction((tx) => increment(tx, 1))
  t.strictSame(await counts(url), [1, 0], 'the next one writes')
})

t.test('a pool that is used up is an outage, not a silence', async (t) => {
  const url = await createTable(t)
  const database = connect(t, url, 1)
  await database.transaction(async () => {
    await t.rejects(ask(database.kysely), { ...UNAVAILABLE, fateUnknown: false })
  })
  await t.resolves(ask(database.kysely))
})

t.test('a refresh survives the death of its connection', async (t) => {
  const sessions = await createSessions(t)
  const { session, refreshToken } = await sessions.start()
  const other = connect(t, sessions.url, 1)
  const answer = await other.transaction(async (tx) => {
    await sql`select from sessions for update`.execute(tx)
    const rotating = sessions.rotate(refreshToken)
    const waiting = "wait_event_type = 'Lock' and query like '%for update%'"
    await terminate(sessions.url, await backend(sessions.url, waiting))
    return { rotating }
  })
  t.equal((await answer.rotating).outcome, 'rotated', 'it asked again')
  t.match(await sessions.row(session.sid), { generation: 1 })
})

t.test('a refresh whose commit was not heard of is found to be a rotation', async (t) => {
  // Also where no retry is believed: this one is ours.
  const sessions = await createSessions(t, { retryWindowSeconds: 0, recovery: 'deny' })
  const { session, refreshToken } = await sessions.start()
  const { run } = sessions.database
  let lost = 0
  const loseAnswers = (times: number) =>
    t.intercept(sessions.database, 'run', {
      value: async (...given: Parameters<typeof run>) => {
        const rows = await run(...given)
        lost += 1
        if (lost <= times) throw new DatabaseUnavailable(new Error('broke'), true)
        return rows
      },
    })
  loseAnswers(1)
  const answer = await sessions.rotate(refreshToken)
  t.equal(answer.outcome, 'rotated')
  t.match(await sessions.row(session.sid), { generation: 1 }, 'it rotated once')
  loseAnswers(Number.POSITIVE_INFINITY)
  await t.rejects(sessions.rotate(tokenOf(answer)), UNAVAILABLE, 'it does not ask for ever')
  t.match(await sessions.row(session.sid), { generation: 2, ended_at: null })
})

t.test('a server that stops in the moment it lets us in ends no process', async (t) => {
  const database = connect(t, await createTestDatabase(t))
  const { connect: connectClient } = pg.Client.prototype as { connect(done: Callback): void }
  type Callback = (error?: Error) => void
  let heard: boolean | undefined
  t.intercept(pg.Client.prototype, 'connect', {
    value(this: pg.Client, done: Callback) {
      connectClient.call(this, (error) => {
        done(error)
        // As when both messages come in one packet: before anybody awaited the connection.
        heard = this.listenerCount('error') > 0
      })
    },
  })
  await ask(database.kysely)
  t.equal(heard, true)
})
