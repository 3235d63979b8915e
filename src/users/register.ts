import type { Actor } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import { type Random, uuidV7 } from '../base/random.ts'
import type { Database } from '../db/connect.ts'
import { claimsProblem } from '../oauth/claims.ts'
import { areRoles, ROLES_RULE } from '../oauth/roles.ts'
import { type Passwords, passwordProblem } from './password.ts'
import { addUser } from './store.ts'
import { normaliseUsername, type User } from './user.ts'

/** What an operator says of a new user. */
export interface NewUser {
  readonly username: string
  readonly password: string
  readonly roles: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
}

/** A user that cannot be, with every reason why. */
export class InvalidUser extends Error {
  override readonly name = 'InvalidUser'

  constructor(problems: readonly string[]) {
    super(problems.join('; '))
  }
}

/**
 * Adds a user under a new `sub`, and writes it down. Throws InvalidUser, UserExists,
 * DatabaseUnavailable.
 */
export type RegisterUser = (user: NewUser, actor: Actor) => Promise<User>

export function createRegisterUser(options: {
  database: Database
  clock: Clock
  random: Random
  passwords: Passwords
  recordEvents: RecordEvents
}): RegisterUser {
  const { database, clock, random, passwords, recordEvents } = options
  return async (given, actor) => {
    const { username, roles } = check(given)
    const passwordHash = await passwords.hash(given.password)
    return database.transaction(async (tx) => {
      const at = clock.now()
      const sub = uuidV7(at, random)
      const { claims } = given
      const user: User = { sub, username, roles, claims, createdAt: at, disabledAt: undefined }
      await addUser(tx, user, passwordHash)
      await recordEvents(tx, actor.origin, [{ type: 'user.created', sub, by: actor.by }])
      return user
    })
  }
}

function check({ username, password, roles, claims }: NewUser) {
  const normalised = normaliseUsername(username)
  const problems = [
    normalised === undefined
      ? 'a username must have 1 to 200 characters, none of them white space, control or invisible'
      : undefined,
    passwordProblem(password),
    areRoles(roles) ? undefined : ROLES_RULE,
    claimsProblem(claims),
  ].filter((problem) => problem !== undefined)
  if (normalised === undefined || problems.length > 0) throw new InvalidUser(problems)
  return { username: normalised, roles: [...new Set(roles)] }
}
