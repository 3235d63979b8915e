import { isUuid } from '../base/encoding.ts'
import { findSession } from '../sessions/store.ts'
import type { Answer } from './answer.ts'
import { type Deployment, withDeployment } from './deployment.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { operator } from './operator.ts'
import { count } from './table.ts'
import { when } from './times.ts'
import { whose } from './whose.ts'

/** What an end means for access tokens that are out. */
export const OFFLINE_NOTE =
  'Access tokens that were issued before are refused within seconds by verifiers that follow the list of revocations, and by others once they expire.'

/** Ends one session, or all of a user's. */
export async function endSessions(
  sid: string | undefined,
  options: { user?: string; sub?: string },
): Promise<Answer> {
  const ofUser = options.user ?? options.sub
  if ((sid === undefined) === (ofUser === undefined)) {
    throw new CommandFailure('usage', 'give either a sid or --user (or --sub)', EXIT.usage)
  }
  return withDeployment([], (deployment) =>
    sid === undefined ? endAll(deployment, options) : endOne(deployment, sid),
  )
}

async function endOne(deployment: Deployment<never>, sid: string): Promise<Answer> {
  const { database, endSessions } = deployment
  const session = isUuid(sid) ? await findSession(database.kysely, sid) : undefined
  if (session === undefined) {
    const message = `there is no session ${sid}: see mintmark sessions list`
    throw new CommandFailure('session_not_found', message)
  }
  const ended = await endSessions.end({ sid }, 'ended_by_operator', operator)
  const before = session.ended
  const text =
    ended.length > 0
      ? `Ended session ${sid} of ${session.sub} at ${session.clientId}.`
      : `Session ${sid} had ended before${before ? `, ${when(before.at)}: ${before.reason}` : ''}.`
  const notes = ended.length > 0 ? [OFFLINE_NOTE] : []
  return { json: { ended: ended.map((one) => one.sid) }, text, notes }
}

async function endAll(
  { database, endSessions, clock }: Deployment<never>,
  options: { user?: string; sub?: string },
): Promise<Answer> {
  const sub = (await whose(database.kysely, options, clock.now())) as string
  const ended = await endSessions.end({ sub }, 'ended_by_operator', operator)
  return {
    json: { sub, ended: ended.map((one) => one.sid) },
    text: `Ended ${count(ended.length, 'session')} of ${options.user ?? sub}.`,
    notes: ended.length > 0 ? [OFFLINE_NOTE] : ['See who is logged in: mintmark sessions list'],
  }
}
