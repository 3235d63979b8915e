import { type SelectQueryBuilder, sql } from 'kysely'
import type { Executor } from '../../db/connect.ts'
import type { Schema } from '../../db/schema.ts'
import type { Verifier } from './count.ts'

/**
 * Adds counted fetches to those before, in one statement. They must come in the order that
 * {@link FetchCount} gives: replicas that do so at once would wait for each other crosswise otherwise.
 */
export async function addFetches(db: Executor, verifiers: readonly Verifier[]): Promise<void> {
  if (verifiers.length === 0) return
  const rows = verifiers.map(({ family, address, firstAt, lastAt, fetches }) => ({
    family,
    address,
    first_at: new Date(firstAt),
    last_at: new Date(lastAt),
    fetches,
  }))
  await db
    .insertInto('jwks_fetches')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['family', 'address']).doUpdateSet({
        first_at: sql`least(jwks_fetches.first_at, excluded.first_at)`,
        last_at: sql`greatest(jwks_fetches.last_at, excluded.last_at)`,
        fetches: sql`jwks_fetches.fetches + excluded.fetches`,
      }),
    )
    .execute()
}

/**
 * Deletes all rows but `most`. Those stay that have come back over the longest time: somebody who
 * fetches from very many addresses, each once, does not push out who has been here for days. Returns
 * how many went.
 */
export async function deleteSurplusFetches(db: Executor, most: number): Promise<number> {
  const surplus = db
    .selectFrom('jwks_fetches')
    .orderBy(sql`last_at - first_at`, 'desc')
    .orderBy('last_at', 'desc')
    .orderBy('family')
    .orderBy('address')
    .offset(most)
  return deleteThose(db, surplus)
}

/** Deletes at most `limit` verifiers that were last seen before `before`; returns how many. */
export async function deleteOldFetches(
  db: Executor,
  before: number,
  limit: number,
): Promise<number> {
  const old = db.selectFrom('jwks_fetches').where('last_at', '<', new Date(before)).limit(limit)
  return deleteThose(db, old)
}

/** Leaves alone what another replica is deleting or counting just now: replicas never wait here. */
async function deleteThose(
  db: Executor,
  those: SelectQueryBuilder<Schema, 'jwks_fetches', object>,
): Promise<number> {
  const result = await db
    .deleteFrom('jwks_fetches')
    .where(({ refTuple, eb }) =>
      eb(
        refTuple('family', 'address'),
        'in',
        those.select(['family', 'address']).forUpdate().skipLocked().$asTuple('family', 'address'),
      ),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

/** Every verifier that has fetched the JWKS in the last month, by family and address. */
export async function listVerifiers(db: Executor): Promise<Verifier[]> {
  const rows = await db
    .selectFrom('jwks_fetches')
    .select(['family', 'address', 'first_at', 'last_at', 'fetches'])
    .orderBy('family')
    .orderBy('address')
    .execute()
  return rows.map((row) => ({
    family: row.family,
    address: row.address,
    firstAt: row.first_at.getTime(),
    lastAt: row.last_at.getTime(),
    fetches: Number(row.fetches),
  }))
}
