import type { Executor } from '../db/connect.ts'

/**
 * Marks an access token as revoked until it would have expired anyway (milliseconds since the
 * epoch). Returns whether it was not marked before.
 */
export async function revokeToken(
  tx: Executor,
  token: { jti: string; expiresAt: number },
  at: number,
): Promise<boolean> {
  const result = await tx
    .insertInto('revoked_tokens')
    .values({
      jti: token.jti,
      revoked_at: new Date(at),
      expires_at: new Date(token.expiresAt),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Whether an access token was revoked by its `jti`. */
export async function isTokenRevoked(db: Executor, jti: string): Promise<boolean> {
  const row = await db
    .selectFrom('revoked_tokens')
    .select('jti')
    .where('jti', '=', jti)
    .executeTakeFirst()
  return row !== undefined
}

/** Deletes at most `limit` marks of tokens that expired before `before`; returns how many. */
export async function deleteExpiredRevocations(
  db: Executor,
  before: number,
  limit: number,
): Promise<number> {
  const result = await db
    .deleteFrom('revoked_tokens')
    .where('jti', 'in', (inner) =>
      inner
        .selectFrom('revoked_tokens')
        .select('jti')
        .where('expires_at', '<', new Date(before))
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
