import type { Executor } from '../../db/connect.ts'
import { quotable } from '../../oauth/error.ts'
import { hasSessions } from '../../stories/store.ts'
import { findUserByName, findUsernames } from '../../users/store.ts'
import { normaliseUsername } from '../../users/user.ts'
import { Problem } from '../problem.ts'

const USER_UNKNOWN = 'no user has this sub, and no session either'

/**
 * Refuses a `sub` that neither a user nor any session has, so that nobody believes that a mistyped
 * one was logged out. Of somebody's name it says whose sub is meant. Throws a problem
 * `user_unknown`, DatabaseUnavailable.
 */
export async function requireKnownUser(db: Executor, sub: string): Promise<void> {
  if ((await findUsernames(db, [sub])).has(sub) || (await hasSessions(db, sub))) return
  const username = normaliseUsername(sub)
  const named = username === undefined ? undefined : await findUserByName(db, username)
  const hint = named && `; the user named ${quotable(sub)} has the sub ${named.user.sub}`
  throw new Problem(404, 'user_unknown', `${USER_UNKNOWN}${hint ?? ''}`)
}
