import type { Executor } from '../db/connect.ts'
import type { Algorithm } from '../jwt/algorithms.ts'

/** An audience whose tokens must be signed by one algorithm. */
export interface AudienceRule {
  readonly audience: string
  readonly signingAlg: Algorithm
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** All audiences that have a rule, by name. */
export async function listAudiences(db: Executor): Promise<AudienceRule[]> {
  const rows = await db.selectFrom('audiences').selectAll().orderBy('audience').execute()
  return rows.map((row) => ({
    audience: row.audience,
    signingAlg: row.signing_alg as Algorithm,
    createdAt: row.created_at.getTime(),
  }))
}

/** Names the algorithm of an audience, whether it had one or not. */
export async function putAudience(
  tx: Executor,
  audience: string,
  signingAlg: Algorithm,
  at: number,
): Promise<void> {
  await tx
    .insertInto('audiences')
    .values({ audience, signing_alg: signingAlg, created_at: new Date(at) })
    .onConflict((conflict) => conflict.column('audience').doUpdateSet({ signing_alg: signingAlg }))
    .execute()
}

/** Makes an audience an ordinary one again. Returns whether it had a rule. */
export async function removeAudience(tx: Executor, audience: string): Promise<boolean> {
  const result = await tx
    .deleteFrom('audiences')
    .where('audience', '=', audience)
    .executeTakeFirst()
  return result.numDeletedRows === 1n
}
