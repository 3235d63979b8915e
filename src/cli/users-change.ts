import type { Session } from '../sessions/session.ts'
import { listUsers } from '../users/store.ts'
import { normaliseUsername } from '../users/user.ts'
import type { Answer } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { CommandFailure } from './failure.ts'
import { operator } from './operator.ts'
import { OFFLINE_NOTE } from './sessions-end.ts'
import { count, facts, table } from './table.ts'
import { iso, when } from './times.ts'
import { choosePassword } from './users-create.ts'

/** All users. */
export async function listAllUsers(): Promise<Answer> {
  const users = await withDeployment([], ({ database }) => listUsers(database.kysely))
  return {
    json: {
      users: users.map(({ username, sub, roles, claims, createdAt, disabledAt }) => ({
        username,
        sub,
        roles,
        claims,
        created_at: iso(createdAt),
        disabled_at: disabledAt === undefined ? null : iso(disabledAt),
      })),
    },
    text: table(
      ['username', 'sub', 'roles', 'created', 'disabled'],
      users.map(({ username, sub, roles, createdAt, disabledAt }) => [
        username,
        sub,
        roles.join(' '),
        when(createdAt),
        disabledAt === undefined ? '' : when(disabledAt),
      ]),
      'No users: add one by mintmark users create <username>.',
    ),
  }
}

/** Replaces a password and ends the user's sessions. */
export async function setPassword(
  name: string,
  options: { passwordStdin?: boolean },
): Promise<Answer> {
  const { password, told, notes } = await choosePassword(options.passwordStdin)
  const username = normalise(name)
  const ended = await withDeployment([], async ({ passwords, endSessions }) =>
    endSessions.changePassword(username, await passwords.hash(password), operator),
  )
  const number = required(ended, name).length
  const drawn = told.password === undefined ? '' : `\n\n${facts({ username, ...told })}`
  return {
    json: { username, sessions_ended: number, ...told },
    text: `Replaced the password of ${username} and ended ${count(number, 'session')}.${drawn}`,
    notes: [...notes, ...(number > 0 ? [OFFLINE_NOTE] : [])],
  }
}

/** Disables a user and ends the user's sessions. */
export async function disableUser(name: string): Promise<Answer> {
  const username = normalise(name)
  const ended = await withDeployment([], ({ endSessions }) =>
    endSessions.disableUser(username, operator),
  )
  const number = required(ended, name).length
  return {
    json: { username, sessions_ended: number },
    text: `Disabled ${username} and ended ${count(number, 'session')}.`,
    notes: number > 0 ? [OFFLINE_NOTE] : [],
  }
}

/** Lets a disabled user log in again. */
export async function enableUser(name: string): Promise<Answer> {
  const username = normalise(name)
  const isThere = await withDeployment([], ({ endSessions }) =>
    endSessions.enableUser(username, operator),
  )
  if (!isThere) throw unknown(name)
  const text = `Enabled ${username}. Sessions that ended stay ended.`
  return { json: { username }, text }
}

/** A text that cannot be a username is nobody's. */
function normalise(name: string): string {
  const username = normaliseUsername(name)
  if (username === undefined) throw unknown(name)
  return username
}

function required(ended: Session[] | undefined, name: string): Session[] {
  if (ended === undefined) throw unknown(name)
  return ended
}

function unknown(name: string): CommandFailure {
  return new CommandFailure('user_not_found', `there is no user ${name}: see mintmark users list`)
}
