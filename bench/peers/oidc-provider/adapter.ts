import type { Adapter, AdapterPayload } from 'oidc-provider'
import type { Pool } from 'pg'
import { partsOf } from '../database.ts'

/**
 * One table for all models, as most adapters have it. Only what is asked for by something other
 * than its id has an index, and `consumed_at` stands in a column of its own without one: marking a
 * token as used is then an update in place (HOT), for which each page keeps room.
 */
const TABLE = `
  create table oidc (
    model text not null,
    id text not null,
    payload jsonb not null,
    grant_id text,
    uid text,
    user_code text,
    expires_at timestamptz,
    consumed_at timestamptz,
    primary key (model, id)
  ) with (fillfactor = 80);
  create index on oidc (grant_id) where grant_id is not null;
  create index on oidc (uid) where uid is not null;
  create index on oidc (user_code) where user_code is not null;`

const COLUMNS = 'model, id, payload, grant_id, uid, user_code, expires_at'

const FOUND = `payload, extract(epoch from consumed_at)::int as consumed from oidc
  where (expires_at is null or expires_at > now()) and model = $1`

/** A row to be, in the order of the columns. */
export type Values = [
  model: string,
  id: string,
  payload: string,
  grantId: string | undefined,
  uid: string | undefined,
  userCode: string | undefined,
  expiresAt: Date | undefined,
]

export async function makeTable(pool: Pool): Promise<void> {
  await pool.query(TABLE)
}

/** The adapter of a model: every statement is prepared once on each connection. */
export function createAdapter(pool: Pool, model: string): Adapter {
  const run = (name: string, text: string, values: unknown[]) =>
    pool.query({ name, text, values: [model, ...values] })
  const find = async (name: string, column: string, value: string) => {
    const { rows } = await run(name, `select ${FOUND} and ${column} = $2`, [value])
    const row = rows[0]
    if (row === undefined) return undefined
    return row.consumed === null ? row.payload : { ...row.payload, consumed: row.consumed }
  }
  return {
    async upsert(id, payload, expiresIn) {
      const [, ...values] = valuesOf(model, id, payload, expiresIn)
      await run(
        'upsert',
        `insert into oidc (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (model, id) do update set payload = excluded.payload,
           grant_id = excluded.grant_id, uid = excluded.uid, user_code = excluded.user_code,
           expires_at = excluded.expires_at`,
        values,
      )
    },
    find: (id) => find('find', 'id', id),
    findByUid: (uid) => find('find_by_uid', 'uid', uid),
    findByUserCode: (userCode) => find('find_by_user_code', 'user_code', userCode),
    async consume(id) {
      await run('consume', 'update oidc set consumed_at = now() where model = $1 and id = $2', [id])
    },
    async destroy(id) {
      await run('destroy', 'delete from oidc where model = $1 and id = $2', [id])
    },
    async revokeByGrantId(grantId) {
      await run('revoke', 'delete from oidc where model = $1 and grant_id = $2', [grantId])
    },
  }
}

/** An adapter that only keeps what is saved, for `insertRows`. */
export function createCollector(rows: Values[], model: string): Adapter {
  const absent = async () => undefined
  return {
    async upsert(id, payload, expiresIn) {
      rows.push(valuesOf(model, id, payload, expiresIn))
    },
    find: absent,
    findByUid: absent,
    findByUserCode: absent,
    consume: absent,
    destroy: absent,
    revokeByGrantId: absent,
  }
}

export async function insertRows(pool: Pool, rows: readonly Values[]): Promise<void> {
  const types = ['text', 'text', 'jsonb', 'text', 'text', 'text', 'timestamptz']
  const lists = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')
  for (const part of partsOf(rows)) {
    const columns = types.map((_, index) => part.map((row) => row[index] ?? null))
    await pool.query(`insert into oidc (${COLUMNS}) select * from unnest(${lists})`, columns)
  }
  await pool.query('vacuum analyze oidc')
}

function valuesOf(
  model: string,
  id: string,
  payload: AdapterPayload,
  expiresIn: number | undefined,
): Values {
  const expiresAt = expiresIn ? new Date(Date.now() + expiresIn * 1000) : undefined
  const { grantId, uid, userCode } = payload
  return [model, id, JSON.stringify(payload), grantId, uid, userCode, expiresAt]
}
