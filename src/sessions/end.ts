import type { Actor, EndReason, Event } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import type { Database, Executor } from '../db/connect.ts'
import { markDisabled, markEnabled, replacePassword } from '../users/store.ts'
import { type EndFilter, markEnded } from './ends/store.ts'
import type { Session } from './session.ts'
import type { SessionLog } from './session-log.ts'

/**
 * The ways a session ends but by reuse, by age and with its client. Once a call has returned, no
 * refresh and no introspection of the sessions it ended succeeds. All throw DatabaseUnavailable.
 */
export interface EndSessions {
  /** Ends the sessions of the filter that are still open, and returns them. */
  end(filter: EndFilter, reason: EndReason, actor: Actor): Promise<Session[]>
  /** Disables a user and ends all of the user's sessions; undefined when there is no such user. */
  disableUser(username: string, actor: Actor): Promise<Session[] | undefined>
  /** Lets a disabled user log in again; what has ended stays so. Returns whether there is one. */
  enableUser(username: string, actor: Actor): Promise<boolean>
  /** Replaces a password and ends all of the user's sessions; undefined when there is no such user. */
  changePassword(
    username: string,
    passwordHash: string,
    actor: Actor,
  ): Promise<Session[] | undefined>
}

export function createEndSessions(options: {
  database: Database
  clock: Clock
  recordEvents: RecordEvents
  sessionLog: SessionLog
}): EndSessions {
  const { database, clock, recordEvents, sessionLog } = options

  const endIn = async (tx: Executor, filter: EndFilter, reason: EndReason, actor: Actor) => {
    const ended = await markEnded(tx, filter, reason, clock.now())
    await recordEvents(tx, actor.origin, endEvents(ended, reason, actor))
    return ended
  }

  /** Commits what `work` ends, and has the log tell it. */
  const commit = async <T extends Session[] | undefined>(
    reason: EndReason,
    { by }: Actor,
    work: (tx: Executor) => Promise<T>,
  ): Promise<T> => {
    const ended = await database.transaction(work)
    sessionLog.ended(ended ?? [], reason, by)
    return ended
  }

  return {
    end: (filter, reason, actor) => commit(reason, actor, (tx) => endIn(tx, filter, reason, actor)),
    disableUser: (username, actor) =>
      commit('user_disabled', actor, async (tx) => {
        const sub = await markDisabled(tx, username, clock.now())
        if (sub === undefined) return undefined
        await recordEvents(tx, actor.origin, [{ type: 'user.disabled', sub, by: actor.by }])
        return endIn(tx, { sub }, 'user_disabled', actor)
      }),
    enableUser: (username, actor) =>
      database.transaction(async (tx) => {
        const sub = await markEnabled(tx, username)
        if (sub === undefined) return false
        await recordEvents(tx, actor.origin, [{ type: 'user.enabled', sub, by: actor.by }])
        return true
      }),
    changePassword: (username, passwordHash, actor) =>
      commit('password_changed', actor, async (tx) => {
        const sub = await replacePassword(tx, username, passwordHash, clock.now())
        if (sub === undefined) return undefined
        await recordEvents(tx, actor.origin, [{ type: 'user.password_changed', sub, by: actor.by }])
        return endIn(tx, { sub }, 'password_changed', actor)
      }),
  }
}

/** What is written down of sessions that were ended. */
export function endEvents(ended: readonly Session[], reason: EndReason, { by }: Actor): Event[] {
  return ended.map(({ sid, sub, clientId }) => ({
    type: 'session.ended',
    sid,
    sub,
    clientId,
    reason,
    by,
  }))
}
