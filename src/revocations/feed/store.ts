import { sql } from 'kysely'
import type { Database, Executor } from '../../db/connect.ts'
import type { FeedEntry } from './entries.ts'

/** What the database says comes after a number. */
export interface FeedPart {
  /** By number. */
  readonly entries: FeedEntry[]
  /** Up to which number these are all there are. */
  readonly seq: number
  /** Whether there are more after them. */
  readonly more: boolean
  /** The last number that was given. */
  readonly last: number
  /** Whether entries wait for their number. */
  readonly isBehind: boolean
}

/**
 * Reads what comes after number `since` and is not over `now` (milliseconds since the epoch), at most
 * `limit`, in one statement, which sees one state of the database. Throws DatabaseUnavailable.
 */
export async function readFeed(
  db: Executor,
  since: number,
  now: number,
  limit: number,
): Promise<FeedPart> {
  const rows = await db
    .selectFrom('revocation_feed as feed')
    .leftJoin('revocations as one', (join) =>
      join
        .onRef('one.seq', '<=', 'feed.last_seq')
        .on('one.seq', '>', String(since))
        .on('one.expires_at', '>', new Date(now)),
    )
    .select([
      'feed.last_seq',
      'one.seq',
      'one.kind',
      'one.subject',
      'one.before',
      'one.issued_before',
      'one.expires_at',
      sql<boolean>`exists (select from revocations where seq is null)`.as('is_behind'),
    ])
    .orderBy('one.seq')
    .limit(limit)
    .execute()
  const entries = rows.flatMap(toEntry)
  const more = entries.length === limit
  const last = Number(rows[0]?.last_seq ?? 0)
  const seq = more ? (entries.at(-1) as FeedEntry).seq : last
  return { entries, seq, more, last, isBehind: rows[0]?.is_behind === true }
}

function toEntry(row: {
  seq: string | null
  kind: string | null
  subject: string | null
  before: Date | null
  issued_before: Date | null
  expires_at: Date | null
}): FeedEntry[] {
  const { seq, kind, subject, expires_at: expiresAt } = row
  if (seq === null || kind === null || subject === null || expiresAt === null) return []
  return [
    {
      seq: Number(seq),
      kind: kind as FeedEntry['kind'],
      subject,
      before: row.before?.getTime(),
      issuedBefore: row.issued_before?.getTime(),
      expiresAt: expiresAt.getTime(),
    },
  ]
}

/**
 * For how long the server waits for the next statement of whoever numbers: a replica that is stopped
 * in the middle of it must not keep all others from numbering. In milliseconds.
 */
const HELD_MS = 2_000

/**
 * Gives numbers to at most `limit` entries that have none, and returns to how many. Any replica may, at
 * any time. Throws DatabaseUnavailable.
 *
 * Numbers become visible in their order, however late the transactions commit that wrote the entries:
 * an entry has no number before its own transaction has committed, since only then it is seen here;
 * whoever gives numbers holds the one row of `revocation_feed` until the numbers are committed, and so
 * is alone; and each begins after the last number that was committed before, which it reads once it
 * holds the row. Whoever sees number n therefore sees every smaller one that will ever be, and no
 * smaller one appears later: a reader that goes on from n misses nothing.
 */
export function numberRevocations(database: Database, now: number, limit: number): Promise<number> {
  return database.transaction(async (tx) => {
    const { last } = await tx
      .selectFrom('revocation_feed')
      .select(['last_seq as last', limitHold])
      .forUpdate()
      .executeTakeFirstOrThrow()
    // By the clock, so that they still rise after the database was set back to an older state.
    const first = Math.max(Number(last) + 1, now)
    // A statement of its own, begun when the row is held: it sees what others committed before.
    const result = await tx
      .with('due', (inner) =>
        inner
          .selectFrom('revocations')
          .select('id')
          .where('seq', 'is', null)
          .orderBy('id')
          .limit(limit),
      )
      .with('placed', (inner) =>
        inner
          .selectFrom('due')
          .select(['id', sql<string>`row_number() over (order by id) - 1`.as('place')]),
      )
      .updateTable('revocations')
      .from('placed')
      .set({ seq: sql<number>`${first}::bigint + placed.place` })
      .whereRef('revocations.id', '=', 'placed.id')
      .executeTakeFirst()
    const numbered = Number(result.numUpdatedRows)
    if (numbered > 0) {
      await tx
        .updateTable('revocation_feed')
        .set({ last_seq: first + numbered - 1 })
        .execute()
    }
    return numbered
  })
}

/** In the statement that holds the row: no round trip of its own. */
const limitHold = sql<string>`set_config(
  'idle_in_transaction_session_timeout', ${String(HELD_MS)}, true
)`.as('limited')

/** Deletes at most `limit` entries that were over before `before`; returns how many. */
export async function deleteOverRevocations(
  db: Executor,
  before: number,
  limit: number,
): Promise<number> {
  const result = await db
    .deleteFrom('revocations')
    .where('id', 'in', (inner) =>
      inner
        .selectFrom('revocations')
        .select('id')
        .where('expires_at', '<', new Date(before))
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
