import { sql } from 'kysely'
import { uuidV7 } from '../../base/random.ts'
import type { Database, Executor } from '../../db/connect.ts'

const DAY_MS = 86_400_000

/** So many days ahead have their partition, in case none can be made for a while. */
const DAYS_AHEAD = 7

/** A day (UTC) by its number since the epoch. */
type Day = number

/** Holds up nobody for long who is writing events. */
const LOCK_LIMIT = '200ms'

/** The row of `name_locks` for whoever makes days. */
const DAYS = -1

/** Few rows at a time, as everywhere. */
const BATCH = 500

/**
 * Makes a partition for the day of `now` (milliseconds since the epoch) and for each of the week after
 * it that has none. Replicas may do so at once. A day that the default partition already has events of
 * stays there. Returns how many were made; throws what Postgres throws, such as when
 * the role does not own the table.
 */
export async function makeDays(database: Database, now: number): Promise<number> {
  const today = Math.floor(now / DAY_MS)
  const there = new Set(await listDays(database.kysely))
  let made = 0
  for (let day = today; day <= today + DAYS_AHEAD; day += 1) {
    if (there.has(day)) continue
    try {
      if (await database.transaction((tx) => makeDay(tx, day))) made += 1
    } catch (error) {
      // Of replicas that start together one makes the day, and the others wait in vain for its locks.
      if (!(await listDays(database.kysely)).includes(day)) throw error
    }
  }
  return made
}

/**
 * Drops the partitions whose last event is older than `before` (milliseconds since the epoch), and
 * deletes what is as old from the default one, which is otherwise empty. Returns how many days were
 * dropped. Throws what Postgres throws.
 */
export async function dropDays(database: Database, before: number): Promise<number> {
  const days = await listDays(database.kysely)
  const old = days.filter((day) => (day + 1) * DAY_MS <= before)
  for (const day of old) {
    await database.transaction(async (tx) => {
      await limitLocks(tx)
      await sql`drop table if exists ${sql.table(nameOf(day))}`.execute(tx)
    })
  }
  for (;;) {
    // By the ids, which are in the order of time and have an index.
    const { numAffectedRows } = await sql`
      delete from events_of_no_day where id in (
        select id from events_of_no_day where id < ${firstIdOf(before)} order by id limit ${BATCH}
      )
    `.execute(database.kysely)
    if (Number(numAffectedRows) < BATCH) return old.length
  }
}

/** When the last day begins that has a partition of its own (milliseconds since the epoch). */
export async function lastDayAt(database: Database): Promise<number | undefined> {
  const days = await listDays(database.kysely)
  return days.length === 0 ? undefined : Math.max(...days) * DAY_MS
}

/** Makes the partition of a day. False when another replica has, or its events are elsewhere. */
async function makeDay(tx: Executor, day: Day): Promise<boolean> {
  await limitLocks(tx)
  // One at a time: each would hold what the other needs, to look into the default partition.
  await tx
    .selectFrom('name_locks')
    .select('bucket')
    .where('bucket', '=', DAYS)
    .forUpdate()
    .execute()
  const [from, to] = [day, day + 1].map((one) => new Date(one * DAY_MS).toISOString())
  const { rows } = await sql<{ free: boolean }>`
    select to_regclass(${nameOf(day)}) is null and not exists (
      select from events_of_no_day
      where id >= ${firstIdOf(day * DAY_MS)} and id < ${firstIdOf((day + 1) * DAY_MS)}
    ) as free
  `.execute(tx)
  if (!rows[0]?.free) return false
  const table = sql.table(nameOf(day))
  // Made beside the table and attached: to make it within would lock out whoever writes.
  await sql`create table ${table} (like events including defaults)`.execute(tx)
  await sql`
    alter table events attach partition ${table} for values from (${sql.lit(from)}) to (${sql.lit(to)})
  `.execute(tx)
  return true
}

async function limitLocks(tx: Executor): Promise<void> {
  await sql`set local lock_timeout = ${sql.lit(LOCK_LIMIT)}`.execute(tx)
}

/** The days that have a partition of their own. */
async function listDays(db: Executor): Promise<Day[]> {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'events'::regclass
  `.execute(db)
  return rows.flatMap(({ name }) => {
    const [, date] = /^events_(\d{4}_\d\d_\d\d)$/.exec(name) ?? []
    return date === undefined ? [] : Date.parse(date.replaceAll('_', '-')) / DAY_MS
  })
}

function nameOf(day: Day): string {
  const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
  return `events_${date.replaceAll('-', '_')}`
}

/** No event from that instant on has a smaller id (RFC 9562 §5.7). */
function firstIdOf(at: number): string {
  return uuidV7(at, { bytes: (length) => Buffer.alloc(length) }, 0)
}
