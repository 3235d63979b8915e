import type { Executor } from '../../db/connect.ts'

/** Counts the sessions that started before an instant and are alive `now`, and whose they are. */
export async function countStartedBefore(
  db: Executor,
  before: number,
  now: number,
): Promise<{ sessions: number; users: number }> {
  const row = await openSessions(db, before)
    .where('idle_expires_at', '>', new Date(now))
    .where('expires_at', '>', new Date(now))
    .select(({ fn }) => [fn.countAll().as('sessions'), fn.count('sub').distinct().as('users')])
    .executeTakeFirstOrThrow()
  return { sessions: Number(row.sessions), users: Number(row.users) }
}

/** At most `limit` sessions that started before an instant and have not ended. */
export async function listStartedBefore(
  db: Executor,
  before: number,
  limit: number,
): Promise<string[]> {
  const rows = await openSessions(db, before).select('id').limit(limit).execute()
  return rows.map(({ id }) => id)
}

function openSessions(db: Executor, before: number) {
  return db
    .selectFrom('sessions')
    .where('ended_at', 'is', null)
    .where('created_at', '<', new Date(before))
}
