import type { Executor } from '../../db/connect.ts'

/** More places than anybody is at; an account with more of them is a robot's. */
const MOST = 200

/**
 * The addresses that the user's sessions were last used from, the latest first: sessions that are
 * alive, and ended ones for as long as their rows are kept. Empty for a `sub` without any.
 */
export async function listAddresses(db: Executor, sub: string): Promise<string[]> {
  const rows = await db
    .selectFrom('sessions')
    .select('address')
    // Told apart because each of the two has an index of its own.
    .where((where) =>
      where.or([
        where.and([where('sub', '=', sub), where('ended_at', 'is', null)]),
        where.and([where('sub', '=', sub), where('ended_at', 'is not', null)]),
      ]),
    )
    .where('address', 'is not', null)
    .groupBy('address')
    .orderBy((order) => order.fn.max('last_used_at'), 'desc')
    .limit(MOST)
    .execute()
  return rows.flatMap(({ address }) => address ?? [])
}
