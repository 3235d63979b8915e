import type { Actor } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../db/connect.ts'
import { AUDIENCE_RULE, isAudience } from '../oauth/audience.ts'
import { type AudienceChange, type AudienceRule, putAudience, removeAudience } from './store.ts'

/** The text cannot be an audience; the message says what can. */
export class InvalidAudience extends Error {
  override readonly name = 'InvalidAudience'
}

/** Changes what is special about the tokens of an audience. Both throw DatabaseUnavailable. */
export interface ChangeAudiences {
  /**
   * From now on tokens for the audience are made so; what is left out stays. Returns the whole rule.
   * Throws InvalidAudience.
   */
  set(audience: string, change: AudienceChange, actor: Actor): Promise<AudienceRule>
  /** Makes it an ordinary audience again; false when it was one. */
  delete(audience: string, actor: Actor): Promise<boolean>
}

export function createChangeAudiences(options: {
  database: Database
  clock: Clock
  recordEvents: RecordEvents
}): ChangeAudiences {
  const { database, clock, recordEvents } = options
  return {
    async set(audience, change, actor) {
      if (!isAudience(audience)) throw new InvalidAudience(AUDIENCE_RULE)
      return database.transaction(async (tx) => {
        const rule = await putAudience(tx, audience, change, clock.now())
        const { signingAlg, typ } = rule
        await recordEvents(tx, actor.origin, [
          { type: 'audience.set', audience, signingAlg, typ, by: actor.by },
        ])
        return rule
      })
    },
    delete: (audience, actor) =>
      database.transaction(async (tx) => {
        if (!(await removeAudience(tx, audience))) return false
        await recordEvents(tx, actor.origin, [{ type: 'audience.deleted', audience, by: actor.by }])
        return true
      }),
  }
}
