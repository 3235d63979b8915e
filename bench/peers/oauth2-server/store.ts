import { randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { partsOf } from '../database.ts'
import { PUBLIC_CLIENT, REFRESH_TOKEN_TTL, SCOPE } from '../parties.ts'

/**
 * Refresh tokens only: an access token is a JWT and needs no row. A used one is deleted, as the
 * library has no use for it, so the table does not grow.
 */
const TABLES = `
  create table refresh_tokens (
    token text primary key,
    user_id text not null,
    client_id text not null,
    scope text not null,
    expires_at timestamptz not null
  );
  create table users (
    username text primary key,
    id text not null,
    password_hash text not null
  );`

export interface RefreshTokenRow {
  readonly token: string
  readonly userId: string
  readonly clientId: string
  readonly scope: string
  readonly expiresAt: Date
}

/** What the model keeps; every statement is prepared once on each connection. */
export function createStore(pool: Pool) {
  return {
    async findRefreshToken(token: string): Promise<RefreshTokenRow | undefined> {
      const { rows } = await pool.query({
        name: 'find',
        text: 'select user_id, client_id, scope, expires_at from refresh_tokens where token = $1',
        values: [token],
      })
      const row = rows[0]
      if (row === undefined) return undefined
      const { user_id: userId, client_id: clientId, scope, expires_at: expiresAt } = row
      return { token, userId, clientId, scope, expiresAt }
    },
    /** Whether it was there: of two who use it at once one gets it. */
    async deleteRefreshToken(token: string): Promise<boolean> {
      const { rowCount } = await pool.query({
        name: 'delete',
        text: 'delete from refresh_tokens where token = $1',
        values: [token],
      })
      return rowCount === 1
    },
    async addRefreshToken(row: RefreshTokenRow): Promise<void> {
      await pool.query({
        name: 'add',
        text: 'insert into refresh_tokens values ($1, $2, $3, $4, $5)',
        values: [row.token, row.userId, row.clientId, row.scope, row.expiresAt],
      })
    },
    async findUser(username: string): Promise<{ id: string; passwordHash: string } | undefined> {
      const { rows } = await pool.query({
        name: 'find_user',
        text: 'select id, password_hash as "passwordHash" from users where username = $1',
        values: [username],
      })
      return rows[0]
    },
  }
}

export type Store = ReturnType<typeof createStore>

export async function makeTables(pool: Pool): Promise<void> {
  await pool.query(TABLES)
}

/** Adds refresh tokens of as many users. Returns them. */
export async function addSessions(pool: Pool, count: number): Promise<string[]> {
  const tokens = Array.from({ length: count }, () => randomBytes(32).toString('hex'))
  const expiresAt = new Date(Date.now() + REFRESH_TOKEN_TTL * 1000)
  for (const part of partsOf(tokens)) {
    await pool.query(
      `insert into refresh_tokens
       select token, 'user-' || token, $2, $3, $4 from unnest($1::text[]) as token`,
      [part, PUBLIC_CLIENT, SCOPE, expiresAt],
    )
  }
  await pool.query('vacuum analyze refresh_tokens')
  return tokens
}

export async function addUser(pool: Pool, username: string, passwordHash: string): Promise<void> {
  await pool.query('insert into users values ($1, gen_random_uuid(), $2)', [username, passwordHash])
}
