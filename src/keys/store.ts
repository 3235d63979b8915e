import { sql } from 'kysely'
import type { Executor } from '../db/connect.ts'
import type { Algorithm, PublicJwk } from '../jwt/algorithms.ts'
import { isAlgorithm, type KeyState, keyStates, type SigningKey } from './signing-key.ts'

/** All signing keys, oldest first, and the kids of the rows that cannot be. */
export async function readSigningKeys(
  db: Executor,
): Promise<{ keys: SigningKey[]; impossible: string[] }> {
  const rows = await db
    .selectFrom('signing_keys')
    .selectAll()
    .orderBy('created_at')
    .orderBy('kid')
    .execute()
  const keys: SigningKey[] = []
  const impossible: string[] = []
  for (const row of rows) {
    const { kid, alg, state } = row
    if (!isAlgorithm(alg) || !keyStates.includes(state as KeyState) || !hasInstants(row)) {
      impossible.push(kid)
      continue
    }
    keys.push({
      kid,
      algorithm: alg,
      state: state as KeyState,
      publicJwk: row.public_jwk as unknown as PublicJwk,
      sealed:
        row.private_key_sealed === null || row.master_key_id === null
          ? undefined
          : { bytes: row.private_key_sealed, masterKeyId: row.master_key_id },
      createdAt: row.created_at.getTime(),
      publishedAt: row.published_at?.getTime(),
      signsFrom: (row.signs_from ?? row.created_at).getTime(),
      signsUntil: row.signs_until?.getTime(),
      withdrawnAt: row.withdrawn_at?.getTime(),
      tokenTtlSeconds: row.token_ttl_seconds,
    })
  }
  return { keys, impossible }
}

/** Of an infinite timestamp, which is no instant, the driver makes a number. */
function hasInstants(row: object): boolean {
  const instants = Object.entries(row).filter(
    ([name]) => name.endsWith('_at') || name.startsWith('signs_'),
  )
  return instants.every(([, value]) => value === null || value instanceof Date)
}

/** All signing keys, oldest first. Throws by kid on a row that cannot be. */
export async function listSigningKeys(db: Executor): Promise<SigningKey[]> {
  const { keys, impossible } = await readSigningKeys(db)
  if (impossible.length > 0) throw new ImpossibleKey(impossible)
  return keys
}

/** A row is of an algorithm or in a state that this version does not have, or has no instants. */
export class ImpossibleKey extends Error {
  override readonly name = 'ImpossibleKey'

  constructor(kids: readonly string[]) {
    super(`signing key ${kids.join(', ')} has an unknown algorithm or state, or no instants`)
  }
}

/** Which algorithms clients and audiences name, and the longest token lifetime that a client has. */
export async function readUsage(
  db: Executor,
): Promise<{ named: Algorithm[]; longestTtlSeconds: number }> {
  const { rows } = await sql<{ algs: string[] | null; ttl: number | null }>`
    select (
      select array_agg(alg) from (
        select signing_alg as alg from clients union select signing_alg from audiences
      ) named where alg is not null
    ) as algs, (select max(access_token_ttl_seconds) from clients) as ttl`.execute(db)
  const [row] = rows
  return { named: (row?.algs ?? []).filter(isAlgorithm), longestTtlSeconds: row?.ttl ?? 0 }
}

/**
 * Adds a key unless its algorithm already has one in its state: of replicas that come together, the
 * first one's key stands and the others read it. Returns whether this key was added.
 */
export async function addSigningKey(db: Executor, key: SigningKey): Promise<boolean> {
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

/**
 * Every replica has had the time to read of a next key: from now on it is published, and it signs no
 * sooner than `signsFrom`. Returns whether nobody had said so before.
 */
export async function markPublished(
  tx: Executor,
  kid: string,
  at: number,
  signsFrom: number,
): Promise<boolean> {
  const result = await tx
    .updateTable('signing_keys')
    .set({
      published_at: new Date(at),
      signs_from: sql<Date>`greatest(signs_from, ${new Date(signsFrom)})`,
    })
    .where('kid', '=', kid)
    .where('state', '=', 'next')
    .where('published_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Holds a next key that is due until the transaction ends; undefined when it is none any more. */
export async function holdDueKey(
  tx: Executor,
  kid: string,
  now: number,
): Promise<{ signsFrom: number } | undefined> {
  const row = await tx
    .selectFrom('signing_keys')
    .select('signs_from')
    .where('kid', '=', kid)
    .where('state', '=', 'next')
    .where('published_at', 'is not', null)
    .where('signs_from', '<=', new Date(now))
    .forUpdate()
    .executeTakeFirst()
  return row?.signs_from ? { signsFrom: row.signs_from.getTime() } : undefined
}

/** Keeps an active key as it is until the transaction ends; false when it is active no more. */
export async function holdActiveKey(tx: Executor, kid: string): Promise<boolean> {
  const row = await tx
    .selectFrom('signing_keys')
    .select('kid')
    .where('kid', '=', kid)
    .where('state', '=', 'active')
    .forShare()
    .executeTakeFirst()
  return row !== undefined
}

/** The active key of an algorithm, or that one alone, has stopped signing. Returns its kid. */
export async function markRetiring(
  tx: Executor,
  algorithm: Algorithm,
  signsUntil: number,
  kid?: string,
): Promise<string | undefined> {
  const row = await tx
    .updateTable('signing_keys')
    .set({ state: 'retiring', signs_until: new Date(signsUntil) })
    .where('alg', '=', algorithm)
    .where('state', '=', 'active')
    .$if(kid !== undefined, (update) => update.where('kid', '=', kid as string))
    .returning('kid')
    .executeTakeFirst()
  return row?.kid
}

/** A next key signs from an instant on. Returns whether it was one. */
export async function markActive(tx: Executor, kid: string, signsFrom: number): Promise<boolean> {
  const result = await tx
    .updateTable('signing_keys')
    .set({ state: 'active', signs_from: new Date(signsFrom) })
    .where('kid', '=', kid)
    .where('state', '=', 'next')
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/**
 * A key in one of the given states is published no more, and its private half is erased. One that was
 * withdrawn before keeps that instant. Returns whether it was in one of them.
 */
export async function markWithdrawn(
  tx: Executor,
  kid: string,
  from: readonly KeyState[],
  to: 'retired' | 'revoked',
  at: number,
): Promise<boolean> {
  const result = await tx
    .updateTable('signing_keys')
    .set({
      state: to,
      withdrawn_at: sql<Date>`coalesce(withdrawn_at, ${new Date(at)})`,
      private_key_sealed: null,
      master_key_id: null,
    })
    .where('kid', '=', kid)
    .where('state', 'in', from)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Keys that sign, or are to, may sign tokens that live for so long. Never lowers what they have. */
export async function raiseTokenTtl(db: Executor, seconds: number): Promise<void> {
  await db
    .updateTable('signing_keys')
    .set({ token_ttl_seconds: seconds })
    .where('state', 'in', ['next', 'active'])
    .where('token_ttl_seconds', '<', seconds)
    .execute()
}
