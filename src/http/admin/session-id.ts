import { Type } from 'typebox'
import { isUuid } from '../../base/encoding.ts'
import type { Executor } from '../../db/connect.ts'
import { type FoundWithCutOff, findWithCutOff } from '../../sessions/read/store.ts'
import { sessionUnknown } from '../own-session.ts'
import { SID } from '../wire/samples.ts'

/** The path parameter of the routes on one session. */
export const SessionId = Type.Object({
  id: Type.String({ description: 'The `sid` of its tokens.', examples: [SID] }),
})

/** The session of that id. Throws a problem `session_unknown`. */
export async function requireSession(db: Executor, id: string): Promise<FoundWithCutOff> {
  const found = isUuid(id) ? await findWithCutOff(db, id) : undefined
  if (found === undefined) throw sessionUnknown()
  return found
}
