import type { Executor } from '../db/connect.ts'
import type { PublicJwk } from '../jwt/algorithms.ts'
import { isAlgorithm, type KeyState, keyStates, type SigningKey } from './signing-key.ts'

/** All signing keys, oldest first. Throws by kid on a row that cannot be. */
export async function listSigningKeys(db: Executor): Promise<SigningKey[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .select(['kid', 'alg', 'state', 'public_jwk', 'private_key_sealed', 'master_key_id'])
    .select(['created_at', 'signs_from', 'signs_until', 'withdrawn_at', 'token_ttl_seconds'])
    .orderBy('created_at')
    .orderBy('kid')
    .execute()
  return rows.map((row) => {
    if (!isAlgorithm(row.alg) || !keyStates.includes(row.state as KeyState)) {
      throw new Error(`signing key ${row.kid} has an unknown algorithm or state`)
    }
    return {
      kid: row.kid,
      algorithm: row.alg,
      state: row.state as KeyState,
      publicJwk: row.public_jwk as unknown as PublicJwk,
      sealed:
        row.private_key_sealed === null || row.master_key_id === null
          ? undefined
          : { bytes: row.private_key_sealed, masterKeyId: row.master_key_id },
      createdAt: row.created_at.getTime(),
      signsFrom: (row.signs_from ?? row.created_at).getTime(),
      signsUntil: row.signs_until?.getTime(),
      withdrawnAt: row.withdrawn_at?.getTime(),
      tokenTtlSeconds: row.token_ttl_seconds,
    }
  })
}

/**
 * Adds a key unless its algorithm already has an active one: of replicas that start together, the
 * first one's key stands and the others read it. Returns whether this key was added.
 */
export async function addFirstSigningKey(db: Executor, key: SigningKey): Promise<boolean> {
  const result = await db
    .insertInto('signing_keys')
    .values({
      kid: key.kid,
      alg: key.algorithm,
      state: key.state,
      public_jwk: JSON.stringify(key.publicJwk),
      private_key_sealed: key.sealed?.bytes ?? null,
      master_key_id: key.sealed?.masterKeyId ?? null,
      created_at: new Date(key.createdAt),
      signs_from: new Date(key.signsFrom),
      token_ttl_seconds: key.tokenTtlSeconds,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}
