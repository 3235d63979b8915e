import { formatDuration } from '../base/duration.ts'
import type { Executor } from '../db/connect.ts'
import { toWireUserExplanation } from '../http/admin/wire-user-story.ts'
import { createExplainUser } from '../stories/explain-user.ts'
import { hasSessions } from '../stories/store.ts'
import { plain } from '../stories/words.ts'
import { findUserByName } from '../users/store.ts'
import { normaliseUsername } from '../users/user.ts'
import type { Answer } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { line } from './explain-session.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { when } from './times.ts'

/** Tells what happened to a user, by name or sub, in the last so many seconds. */
export function explainUser(user: string, options: { last: number; sub?: true }): Promise<Answer> {
  return withDeployment([], async ({ database, clock }) => {
    const sub = options.sub ? user : await subOf(database.kysely, user)
    const explain = createExplainUser({ db: database.kysely, clock })
    const explanation = await explain(sub, options.last)
    if (!explanation.isKnown) {
      const message = `there is no user ${user}, and nothing is known of a session or an event of that sub: see mintmark users list`
      throw new CommandFailure('user_not_found', message)
    }
    const { username, since, until, summary, chronicle } = explanation
    const name = username === undefined ? `sub ${sub}` : `${username} (sub ${sub})`
    const heading = `${name}, the last ${formatDuration(options.last)}: ${when(since)} to ${when(until)}`
    const lines = chronicle.map((told) =>
      told.sid === undefined ? line(told) : `${line(told)} (session ${told.sid})`,
    )
    return {
      json: toWireUserExplanation(explanation),
      text: [plain(heading), '', ...summary, '', ...lines].join('\n'),
    }
  })
}

/** The sub that a text means, which is a username first; a backend may have named anybody so, too. */
async function subOf(db: Executor, text: string): Promise<string> {
  const username = normaliseUsername(text)
  const found = username === undefined ? undefined : await findUserByName(db, username)
  if (found === undefined) return text
  if (!(await hasSessions(db, text))) return found.user.sub
  throw new CommandFailure(
    'user_ambiguous',
    `${text} is a username, and the sub of other sessions: say ${found.user.sub} for the user, or --sub ${text}`,
    EXIT.usage,
  )
}
