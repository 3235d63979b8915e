import { sql } from 'kysely'
import type { Executor } from '../db/connect.ts'
import { isDuplicate } from '../db/failure.ts'
import type { User } from './user.ts'

/** Another user already has this name. */
export class UserExists extends Error {
  override readonly name = 'UserExists'
}

const COLUMNS = ['sub', 'username', 'roles', 'claims', 'created_at', 'disabled_at'] as const

/** The user of that (normalised) name, with the hash of the password; undefined when there is none. */
export async function findUserByName(
  db: Executor,
  username: string,
): Promise<{ user: User; passwordHash: string } | undefined> {
  const row = await db
    .selectFrom('users')
    .select([...COLUMNS, 'password_hash'])
    .where('username', '=', username)
    .executeTakeFirst()
  return row && { user: fromRow(row), passwordHash: row.password_hash }
}

/**
 * The user of that `sub`, locked against change until the transaction ends: a session that starts
 * while the user is being disabled is either refused or ended, never forgotten.
 */
export async function lockUser(
  tx: Executor,
  sub: string,
): Promise<{ user: User; passwordHash: string } | undefined> {
  const row = await tx
    .selectFrom('users')
    .select([...COLUMNS, 'password_hash'])
    .where('sub', '=', sub)
    .forShare()
    .executeTakeFirst()
  return row && { user: fromRow(row), passwordHash: row.password_hash }
}

/** All users by name. */
export async function listUsers(db: Executor): Promise<User[]> {
  const rows = await db.selectFrom('users').select(COLUMNS).orderBy('username').execute()
  return rows.map(fromRow)
}

/** The names of those of the `sub`s that are users here. */
export async function findUsernames(
  db: Executor,
  subs: readonly string[],
): Promise<Map<string, string>> {
  if (subs.length === 0) return new Map()
  const rows = await db
    .selectFrom('users')
    .select(['sub', 'username'])
    .where('sub', 'in', subs)
    .execute()
  return new Map(rows.map(({ sub, username }) => [sub, username]))
}

/** Adds a user; throws {@link UserExists}. */
export async function addUser(db: Executor, user: User, passwordHash: string): Promise<void> {
  try {
    await db
      .insertInto('users')
      .values({
        sub: user.sub,
        username: user.username,
        password_hash: passwordHash,
        roles: [...user.roles],
        claims: JSON.stringify(user.claims),
        created_at: new Date(user.createdAt),
        password_changed_at: new Date(user.createdAt),
      })
      .execute()
  } catch (error) {
    if (isDuplicate(error)) throw new UserExists(`user ${user.username} exists`)
    throw error
  }
}

/** Replaces the password. Returns the user's `sub`; undefined when there is no such user. */
export async function replacePassword(
  db: Executor,
  username: string,
  passwordHash: string,
  at: number,
): Promise<string | undefined> {
  const row = await db
    .updateTable('users')
    .set({ password_hash: passwordHash, password_changed_at: new Date(at) })
    .where('username', '=', username)
    .returning('sub')
    .executeTakeFirst()
  return row?.sub
}

/** Disables a user, once. Returns the user's `sub`; undefined when there is no such user. */
export async function markDisabled(
  db: Executor,
  username: string,
  at: number,
): Promise<string | undefined> {
  const row = await db
    .updateTable('users')
    .set({ disabled_at: sql<Date>`coalesce(disabled_at, ${new Date(at)})` })
    .where('username', '=', username)
    .returning('sub')
    .executeTakeFirst()
  return row?.sub
}

/** Lets a disabled user log in again. Returns the user's `sub`; undefined when there is no such user. */
export async function markEnabled(db: Executor, username: string): Promise<string | undefined> {
  const row = await db
    .updateTable('users')
    .set({ disabled_at: null })
    .where('username', '=', username)
    .returning('sub')
    .executeTakeFirst()
  return row?.sub
}

function fromRow(row: {
  sub: string
  username: string
  roles: string[]
  claims: Record<string, unknown>
  created_at: Date
  disabled_at: Date | null
}): User {
  return {
    sub: row.sub,
    username: row.username,
    roles: row.roles,
    claims: row.claims,
    createdAt: row.created_at.getTime(),
    disabledAt: row.disabled_at?.getTime(),
  }
}
