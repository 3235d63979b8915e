import { type EndReason, endReasons } from '../audit/event.ts'
import type { Clock } from '../base/clock.ts'
import { isUuid } from '../base/encoding.ts'
import { iso } from '../base/times.ts'

/**
 * What the log says of sessions. The events say it too, but a database that is restored to an earlier
 * point forgets its events, and the log does not.
 */
export interface SessionLog {
  /** Call it when the end is committed: one line for each session. */
  ended(sessions: readonly { sid: string }[], reason: EndReason, by: string): void
  /** A refresh token was newer than its session's row, which had last been used at that instant. */
  setBack(rowUsedAt: number): void
}

/** For commands, which print what they do. */
export const noSessionLog: SessionLog = { ended() {}, setBack() {} }

const ENDED = 'session ended'

export function createSessionLog(options: {
  logger: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
  clock: Clock
}): SessionLog {
  const { logger, clock } = options
  let toldAt: number | undefined
  return {
    ended(sessions, reason, by) {
      for (const { sid } of sessions) logger.info({ sid, reason, by }, ENDED)
    },
    setBack(rowUsedAt) {
      // Every session that was in use comes with a newer token, some of them days later. Only a row
      // that was right since this was told says that it has happened once more.
      if (toldAt !== undefined && rowUsedAt <= toldAt) return
      toldAt = clock.now()
      logger.warn(
        { row_used_at: iso(rowUsedAt) },
        'the database was set back to an earlier point: ends made since then may be lost, see "mintmark restored status"',
      )
    },
  }
}

/** The end of a session, as a line of the log tells it. */
export interface LoggedEnd {
  readonly sid: string
  readonly reason: EndReason
  readonly by: string
}

/** Reads a line of the log; undefined when it tells of no session's end. */
export function readLoggedEnd(line: string): LoggedEnd | undefined {
  if (!line.includes(ENDED)) return undefined
  let fields: Record<string, unknown>
  try {
    // Some collectors write something before each line.
    fields = Object(JSON.parse(line.slice(Math.max(0, line.indexOf('{')))))
  } catch {
    return undefined
  }
  const { msg, sid, by } = fields
  const reason = endReasons.find((known) => known === fields.reason)
  if (msg !== ENDED || reason === undefined) return undefined
  if (typeof sid !== 'string' || !isUuid(sid) || typeof by !== 'string') return undefined
  return { sid, reason, by }
}
