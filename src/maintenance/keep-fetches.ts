import type { Executor } from '../db/connect.ts'
import { DatabaseUnavailable } from '../db/failure.ts'
import type { FetchCount } from '../keys/fetches/count.ts'
import { addFetches, deleteSurplusFetches } from '../keys/fetches/store.ts'

/**
 * So many verifiers are kept in the database; a large installation has some hundreds. What a flood
 * from many addresses adds is gone again with the next that is written down.
 */
const MOST_VERIFIERS = 10_000

/**
 * Writes down who has fetched the JWKS from this replica. What cannot be written while the database is
 * away stays counted until it can. Throws what else Postgres throws.
 */
export async function keepFetches(options: {
  db: Executor
  jwksFetches: FetchCount
  most?: number
}): Promise<void> {
  const { db, jwksFetches, most = MOST_VERIFIERS } = options
  const counted = jwksFetches.take()
  if (counted.length === 0) return
  try {
    await addFetches(db, counted)
  } catch (error) {
    jwksFetches.putBack(counted)
    // Others say so, and every ten seconds is too often.
    if (error instanceof DatabaseUnavailable) return
    throw error
  }
  await deleteSurplusFetches(db, most)
}
