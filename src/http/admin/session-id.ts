import { Type } from 'typebox'
import { isUuid } from '../../base/encoding.ts'
import type { Executor } from '../../db/connect.ts'
import { findSessionWithState } from '../../sessions/read/store.ts'
import type { Found } from '../../sessions/store.ts'
import { Problem } from '../problem.ts'
import { SID } from '../wire/samples.ts'

/** The path parameter of the routes on one session. */
export const SessionId = Type.Object({
  id: Type.String({ description: 'The `sid` of its tokens.', examples: [SID] }),
})

/** The session of that id. Throws a problem `session_unknown`. */
export async function requireSession(db: Executor, id: string): Promise<Found> {
  const found = isUuid(id) ? await findSessionWithState(db, id) : undefined
  if (found === undefined) throw sessionUnknown()
  return found
}

/** Nothing is known of a session of this id; its row may be gone, as its greatest age is over. */
export function sessionUnknown(): Problem {
  const detail = 'you may see no session of this id; GET /sessions lists those that you may see'
  return new Problem(404, 'session_unknown', detail)
}
