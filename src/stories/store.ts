import { sql } from 'kysely'
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
  // Each half has an index of its own, and both together have none.
  const find = (ended: 'is' | 'is not') =>
    db
      .selectFrom('sessions')
      .select('id')
      .where('sub', '=', sub)
      .where('ended_at', ended, null)
      .limit(1)
      .executeTakeFirst()
  return ((await find('is')) ?? (await find('is not'))) !== undefined
}

/** Failed logins of a user in a period. Instants are milliseconds since the epoch. */
export interface FailedLogins {
  readonly total: number
  /** How many addresses they came from. */
  readonly addresses: number
  /** Undefined when there were none. */
  readonly lastAt: number | undefined
  /** Those with most first. */
  readonly byAddress: readonly FailedLoginsFrom[]
}

/** Those from one address. */
interface FailedLoginsFrom {
  readonly address: string | undefined
  readonly count: number
  readonly lastAt: number
}

/** Failed logins of a user since an instant; of at most `limit` addresses how many each. */
export async function tallyFailedLogins(
  db: Executor,
  sub: string,
  since: number,
  limit: number,
): Promise<FailedLogins> {
  const rows = await db
    .selectFrom('events')
    .where('sub', '=', sub)
    .where('type', '=', 'login.failed')
    .where('at', '>=', new Date(since))
    .groupBy('address')
    .select(({ fn }) => ['address', fn.countAll().as('count'), fn.max('at').as('last')])
    // Over all addresses, those beyond the limit too.
    .select([
      sql<string>`sum(count(*)) over ()`.as('total'),
      sql<string>`count(*) over ()`.as('addresses'),
      sql<Date>`max(max(at)) over ()`.as('last_of_all'),
    ])
    .orderBy('count', 'desc')
    .orderBy('address')
    .limit(limit)
    .execute()
  const [first] = rows
  return {
    total: Number(first?.total ?? 0),
    addresses: Number(first?.addresses ?? 0),
    lastAt: first?.last_of_all.getTime(),
    byAddress: rows.map(({ address, count, last }) => ({
      address: address ?? undefined,
      count: Number(count),
      lastAt: last.getTime(),
    })),
  }
}
