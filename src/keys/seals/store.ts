import { sql } from 'kysely'
import type { Executor } from '../../db/connect.ts'
import type { Sealed } from '../seal.ts'

/**
 * Puts another sealing of the same private half in the place of `old`. Returns whether it did: not when
 * somebody else has sealed it meanwhile, or has erased it. Throws DatabaseUnavailable.
 */
export async function replaceSeal(
  db: Executor,
  kid: string,
  old: Sealed,
  sealed: Sealed,
): Promise<boolean> {
  const result = await db
    .updateTable('signing_keys')
    .set({ private_key_sealed: sealed.bytes, master_key_id: sealed.masterKeyId })
    .where('kid', '=', kid)
    .where('private_key_sealed', '=', old.bytes)
    .where('master_key_id', '=', old.masterKeyId)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/**
 * When a signing key was last re-encrypted under the master key of that id, in milliseconds since the
 * epoch; undefined when none was, or none that events still tell of. Throws DatabaseUnavailable.
 */
export async function lastReencryption(
  db: Executor,
  masterKeyId: number,
): Promise<number | undefined> {
  const { last } = await db
    .selectFrom('events')
    .select(({ fn }) => fn.max('at').as('last'))
    .where('type', '=', 'key.reencrypted')
    .where(sql<number>`(detail ->> 'masterKeyId')::int`, '=', masterKeyId)
    .executeTakeFirstOrThrow()
  return (last as Date | null)?.getTime()
}
