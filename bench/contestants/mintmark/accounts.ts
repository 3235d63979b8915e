import { query } from '../../database/query.ts'
import type { Deployment } from './deployment.ts'

/** Who asks. */
export interface Accounts {
  /** `Authorization` of a client that asks for tokens for itself. */
  readonly backend: string
  /** `Authorization` of the resource server that introspects. */
  readonly orders: string
  readonly usernames: readonly string[]
  readonly password: string
}

export const AUDIENCE = 'https://orders.example'
/** The public client whose sessions are refreshed. */
export const CLIENT = 'web'
const SCOPE = 'orders:read orders:write'
/** So many that none of them reaches the sessions that a user may have. */
const USERS = 500

/** Registers the clients and users of all scenarios. */
export async function registerAccounts({ mintmark, databaseUrl }: Deployment): Promise<Accounts> {
  const client = (name: string, ...options: string[]) =>
    mintmark('clients', 'create', name, '--scope', SCOPE, '--audience', AUDIENCE, ...options)
  await client(CLIENT, '--auth-method', 'none', '--grant', 'password', 'refresh_token')
  const backend = await client('backend', '--auth-method', 'client_secret_basic')
  const orders = await client(
    'orders',
    ...['--auth-method', 'client_secret_basic', '--introspects', AUDIENCE],
  )
  const user = await mintmark('users', 'create', 'user0')
  // Each hash costs what a login costs: the others have the first one's password.
  await query(
    databaseUrl,
    `insert into users (sub, username, password_hash, roles, claims, created_at, password_changed_at)
    select md5('user' || i)::uuid::text, 'user' || i, password_hash, roles, claims, created_at,
      password_changed_at
    from users, generate_series(1, $1 - 1) i where username = 'user0'`,
    [USERS],
  )
  return {
    backend: basic('backend', backend),
    orders: basic('orders', orders),
    usernames: Array.from({ length: USERS }, (_, index) => `user${index}`),
    password: String(user.password),
  }
}

/** RFC 7617; neither part holds a character that a form would encode (RFC 6749 section 2.3.1). */
function basic(clientId: string, { client_secret: secret }: Record<string, unknown>): string {
  return `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
}
