import type { FastifyRequest } from 'fastify'
import { isUuid } from '../base/encoding.ts'
import type { Executor } from '../db/connect.ts'
import type { Session } from '../sessions/session.ts'
import { findSession } from '../sessions/store.ts'
import { Problem } from './problem.ts'

/** Who asks, and in which session. A client that speaks for itself has none: 403 `user_required`. */
export function requireUser({ user }: FastifyRequest): { sub: string; sid: string } {
  if (user.sid === undefined) {
    throw new Problem(403, 'user_required', 'this needs an access token of a user’s session')
  }
  return { sub: user.sub, sid: user.sid }
}

/**
 * The user's session of that id, alive or not. Throws a problem `session_unknown` for anybody else's,
 * which looks like one that does not exist.
 */
export async function requireOwnSession(db: Executor, id: string, sub: string): Promise<Session> {
  const session = isUuid(id) ? await findSession(db, id) : undefined
  if (session?.sub === sub) return session
  throw sessionUnknown()
}

/** There is no such session, or it is none of the caller's business. */
export function sessionUnknown(): Problem {
  const detail = 'you may see no session of this id; GET /sessions lists those that you may see'
  return new Problem(404, 'session_unknown', detail)
}
