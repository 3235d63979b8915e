import type { Executor } from '../../db/connect.ts'
import type { Algorithm } from '../../jwt/algorithms.ts'
import { isAlgorithm, type KeyState } from '../signing-key.ts'

/**
 * Holds the next key of an algorithm until the transaction ends; its kid, or undefined when there is
 * none. Always before a key that signs is held: so does who has the next one sign.
 */
export async function holdNextKey(tx: Executor, algorithm: Algorithm): Promise<string | undefined> {
  const row = await tx
    .selectFrom('signing_keys')
    .select('kid')
    .where('alg', '=', algorithm)
    .where('state', '=', 'next')
    .forUpdate()
    .executeTakeFirst()
  return row?.kid
}

/** Holds a key until the transaction ends, and returns the state that it is in. */
export async function holdKey(tx: Executor, kid: string): Promise<KeyState | undefined> {
  const row = await tx
    .selectFrom('signing_keys')
    .select('state')
    .where('kid', '=', kid)
    .forUpdate()
    .executeTakeFirst()
  return row?.state as KeyState | undefined
}

/** A next key signs from another instant on. */
export async function putSignsFrom(tx: Executor, kid: string, signsFrom: number): Promise<void> {
  await tx
    .updateTable('signing_keys')
    .set({ signs_from: new Date(signsFrom) })
    .where('kid', '=', kid)
    .where('state', '=', 'next')
    .execute()
}

/** Whoever names a signature algorithm, and which. */
export interface Choosers {
  readonly clients: readonly { readonly name: string; readonly algorithm: Algorithm }[]
  readonly audiences: readonly { readonly name: string; readonly algorithm: Algorithm }[]
}

/** The clients and the audiences that name an algorithm, by name. */
export async function readChoosers(db: Executor): Promise<Choosers> {
  const clients = await db
    .selectFrom('clients')
    .select(['client_id as name', 'signing_alg as algorithm'])
    .where('signing_alg', 'is not', null)
    .orderBy('client_id')
    .execute()
  const audiences = await db
    .selectFrom('audiences')
    .select(['audience as name', 'signing_alg as algorithm'])
    .where('signing_alg', 'is not', null)
    .orderBy('audience')
    .execute()
  return { clients: clients.flatMap(named), audiences: audiences.flatMap(named) }
}

function named({ name, algorithm }: { name: string; algorithm: string | null }) {
  return algorithm !== null && isAlgorithm(algorithm) ? [{ name, algorithm }] : []
}
