import type { Executor } from '../../db/connect.ts'

/** Counts the sessions that started before an instant and are alive `now`, and whose they are. */
export async function countStartedBefore(
  db: Executor,
  before: number,
  now: number,
): Promise<{ sessions: number; users: number }> {
  const row = await aliveSessions(db, before, now)
    .select(({ fn }) => [fn.countAll().as('sessions'), fn.count('sub').distinct().as('users')])
    .executeTakeFirstOrThrow()
  return { sessions: Number(row.sessions), users: Number(row.users) }
}

/**
 * When the last of them ends, refreshed or not, in milliseconds since the epoch; undefined when there
 * is none.
 */
export async function lastEndOfStartedBefore(
  db: Executor,
  before: number,
  now: number,
): Promise<number | undefined> {
  const { last } = await aliveSessions(db, before, now)
    .select(({ fn }) => fn.max('expires_at').as('last'))
    .executeTakeFirstOrThrow()
  return (last as Date | null)?.getTime()
}

/** The sids of at most `limit` of them, in their order, from the one after `after` on. */
export async function listStartedBefore(
  db: Executor,
  before: number,
  now: number,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<string[]> {
  let query = aliveSessions(db, before, now).select('id')
  if (after !== undefined) query = query.where('id', '>', after)
  const rows = await query.orderBy('id').limit(limit).execute()
  return rows.map(({ id }) => id)
}

function aliveSessions(db: Executor, before: number, now: number) {
  return db
    .selectFrom('sessions')
    .where('ended_at', 'is', null)
    .where('idle_expires_at', '>', new Date(now))
    .where('expires_at', '>', new Date(now))
    .where('created_at', '<', new Date(before))
}
