import type { Executor } from '../db/connect.ts'
import { type Found, fromRow, select } from '../sessions/store.ts'

/** At most `limit` sessions of a user that were alive at some time since an instant, newest first. */
export async function listAliveSince(
  db: Executor,
  sub: string,
  since: number,
  limit: number,
): Promise<Found[]> {
  const at = new Date(since)
  const rows = await select(db)
    .where('sub', '=', sub)
    .where('idle_expires_at', '>', at)
    .where('expires_at', '>', at)
    .where((where) => where.or([where('ended_at', 'is', null), where('ended_at', '>=', at)]))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(fromRow)
}

/** Whether any session of that `sub` is kept, alive or not. */
export async function hasSessions(db: Executor, sub: string): Promise<boolean> {
  const row = await db.selectFrom('sessions').select('id').where('sub', '=', sub).executeTakeFirst()
  return row !== undefined
}

/** Failed logins of a user since an instant, by address, those with most first. */
export async function tallyFailedLogins(
  db: Executor,
  sub: string,
  since: number,
): Promise<{ address: string | undefined; count: number; lastAt: number }[]> {
  const rows = await db
    .selectFrom('events')
    .where('sub', '=', sub)
    .where('type', '=', 'login.failed')
    .where('at', '>=', new Date(since))
    .groupBy('address')
    .select(({ fn }) => ['address', fn.countAll().as('count'), fn.max('at').as('last')])
    .orderBy('count', 'desc')
    .orderBy('address')
    .execute()
  return rows.map(({ address, count, last }) => ({
    address: address ?? undefined,
    count: Number(count),
    lastAt: last.getTime(),
  }))
}
