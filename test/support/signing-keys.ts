import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { createSigningKey, type SigningKey } from '../../src/keys/signing-key.ts'
import { createStoppedClock } from './clock.ts'
import { query } from './database.ts'
import { createSeededRandom } from './random.ts'
import { TEST_MASTER_KEY } from './template.ts'

/** Makes a key of an algorithm that signs, in no database yet. */
export function makeSigningKey(algorithm: Algorithm): Promise<SigningKey> {
  return createSigningKey(algorithm, 'active', {
    masterKeys: createMasterKeys([TEST_MASTER_KEY]),
    random: createSeededRandom(algorithm),
    at: createStoppedClock().now(),
  })
}

/** Writes a key's row as it stands, whether it can be or not. */
export async function writeSigningKey(databaseUrl: string, key: SigningKey): Promise<void> {
  const columns = 'kid, alg, state, public_jwk, private_key_sealed, master_key_id, created_at'
  await query(
    databaseUrl,
    `insert into signing_keys (${columns}) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      ...[key.kid, key.algorithm, key.state, JSON.stringify(key.publicJwk)],
      ...[key.sealed?.bytes, key.sealed?.masterKeyId, new Date(key.createdAt)],
    ],
  )
}

/** Gives a database, before a service reads it, a key that signs of each of these algorithms. */
export async function addSigningKeys(databaseUrl: string, ...algorithms: Algorithm[]) {
  for (const algorithm of algorithms) {
    await writeSigningKey(databaseUrl, await makeSigningKey(algorithm))
  }
}
