import {
  type Closing,
  findLastClosing,
  findSetBack,
  type SetBack,
} from '../audit/restores/store.ts'
import type { Executor } from '../db/connect.ts'
import type { Answer } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { count } from './table.ts'
import { iso, when } from './times.ts'

/** The three ways to close a set-back, for people. */
const WAYS = `Close it in one of three ways:
  mintmark restored close --from-log <file>   ends again what the service's log says was ended
  mintmark restored close --end-all           ends every session from before; all users log in again
  mintmark restored close --nothing-lost      when nothing was ended between the two instants`

/** Says what refreshes have found; exit code 1 while a set-back is open. */
export function tellRestore(): Promise<Answer> {
  return withDeployment([], async ({ database }) => {
    const { setBack, lastClosing } = await readRestore(database.kysely)
    return {
      json: {
        open: setBack !== undefined,
        ...(setBack && {
          since: iso(setBack.foundAt),
          sessions_ahead: setBack.sessions,
          newest_row_at: iso(setBack.newestRowAt),
          may_be_lost: { from: iso(setBack.newestRowAt), to: iso(setBack.foundAt) },
        }),
        last_closed: lastClosing ? { ...lastClosing, at: iso(lastClosing.at) } : null,
      },
      text: setBack === undefined ? describeClosed(lastClosing) : describeOpen(setBack),
      good: setBack === undefined,
    }
  })
}

/** The open set-back, if there is one, and the last one that was closed. Throws DatabaseUnavailable. */
export async function readRestore(db: Executor) {
  const lastClosing = await findLastClosing(db)
  return { lastClosing, setBack: await findSetBack(db, lastClosing) }
}

function describeOpen({ foundAt, sessions, newestRowAt }: SetBack): string {
  return `The database was set back to an earlier point: since ${when(foundAt)} the refresh tokens of ${count(sessions, 'session')} were newer than it. Nobody was logged out by that.
The newest row that was found behind is from ${when(newestRowAt)}.
What was done between ${when(newestRowAt)} and ${when(foundAt)} may be lost. Sessions that were ended then are alive again: logouts, revocations, disabled users, changed passwords, cut-offs. Sessions, users and clients that were created then are gone.
${WAYS}`
}

function describeClosed(closing: Closing | undefined): string {
  if (closing === undefined) return 'No refresh has found that the database was set back.'
  const { at, how, ended } = closing
  return `No set-back of the database is open. The last one was closed ${when(at)} (${how}), which ended ${count(ended, 'session')}.`
}
