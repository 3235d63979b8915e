import type { Executor } from '../db/connect.ts'
import { listAlive } from '../sessions/store.ts'
import { findUserByName } from '../users/store.ts'
import { normaliseUsername } from '../users/user.ts'
import { CommandFailure, EXIT } from './failure.ts'

/**
 * The `sub` that `--user` or `--sub` means; undefined when neither was given. A backend may have
 * started sessions for a `sub` that is another user's name: then `--user` could mean either, and
 * that is refused.
 */
export async function whose(
  db: Executor,
  given: { user?: string; sub?: string },
  now: number,
): Promise<string | undefined> {
  const { user, sub } = given
  if (user === undefined) return sub
  if (sub !== undefined) {
    throw new CommandFailure('usage', 'give --user or --sub, not both', EXIT.usage)
  }
  const username = normaliseUsername(user)
  const found = username === undefined ? undefined : await findUserByName(db, username)
  const asSub = await listAlive(db, { sub: user, limit: 1 }, now)
  if (found === undefined) {
    if (asSub.length > 0) return user
    throw new CommandFailure(
      'user_not_found',
      `there is no user ${user}, and no live session whose sub is ${user}: see mintmark users list`,
    )
  }
  if (asSub.length === 0) return found.user.sub
  throw new CommandFailure(
    'user_ambiguous',
    `${user} is a username, and the sub of other sessions: say --sub ${user}, or --sub ${found.user.sub} for the user`,
    EXIT.usage,
  )
}
