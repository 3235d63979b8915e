import type { Clock } from '../base/clock.ts'
import type { Executor } from '../db/connect.ts'
import { readUser, type UserFacts } from './read-user.ts'
import { tellEnd } from './tell-end.ts'
import { EXPIRED, type Told, tellEvent } from './tell-event.ts'
import { summarise } from './user-summary.ts'
import { plain } from './words.ts'

/** What happened to a user in a period. */
export interface UserExplanation extends UserFacts {
  readonly summary: readonly string[]
  /** The oldest first. */
  readonly chronicle: readonly Told[]
}

/**
 * Tells what happened to a user, by `sub`, in the last so many seconds. Throws DatabaseUnavailable.
 */
export type ExplainUser = (sub: string, lastSeconds: number) => Promise<UserExplanation>

export function createExplainUser(options: { db: Executor; clock: Clock }): ExplainUser {
  const { db, clock } = options
  return async (sub, lastSeconds) => {
    const now = clock.now()
    const facts = await readUser(db, sub, now - lastSeconds * 1000, now)
    const chronicle = [...facts.events.map(tellEvent), ...untold(facts)]
    return {
      ...facts,
      summary: summarise(facts).map(plain),
      chronicle: chronicle.sort((a, b) => a.at - b.at),
    }
  }
}

/** The ends that nobody wrote down: by age, and by a cut-off whose rows are not marked yet. */
function untold({ sessions, since }: UserFacts): Told[] {
  return sessions.flatMap(({ session, end }) => {
    if (end === undefined || end.event !== undefined || end.at < since) return []
    const sentence = plain(tellEnd(session, end).join(' '))
    const type = end.by === undefined ? EXPIRED : 'session.ended'
    return [{ at: end.at, type, sid: session.sid, sentence, event: undefined }]
  })
}
