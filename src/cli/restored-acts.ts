import type { Session } from '../sessions/session.ts'
import type { LoggedEnd } from '../sessions/session-log.ts'
import { count } from './table.ts'

/** A session that was ended again, for the log's reason. */
export interface EndedAgain {
  readonly session: Session
  readonly reason: LoggedEnd['reason']
}

/** A cut-off of a client has ended the sessions of users who need not be named one by one. */
const MOST_CUT_OFF = 20

/**
 * What was done to users and clients, as far as it shows in the ends of their sessions: the ends have
 * been repeated, the acts are the operator's to repeat. One sentence for each kind.
 */
export function whatToRepeat(ended: readonly EndedAgain[]): string[] {
  const whose = (reason: LoggedEnd['reason'], key: 'sub' | 'clientId') => [
    ...new Set(ended.filter((one) => one.reason === reason).map(({ session }) => session[key])),
  ]
  const again = (what: string, whom: string[]) =>
    whom.length === 0 ? [] : [`The log says that ${what}. Do that again: ${whom.join(', ')}`]
  return [
    ...again('these users were disabled', whose('user_disabled', 'sub')),
    ...again('these users had their password changed', whose('password_changed', 'sub')),
    ...again('these clients were disabled', whose('client_disabled', 'clientId')),
    ...again('these clients were deleted', whose('client_deleted', 'clientId')),
    ...cutOffs(whose('cut_off', 'clientId'), whose('cut_off', 'sub')),
  ]
}

/** The log does not say which of the two was cut off. */
function cutOffs(clients: string[], users: string[]): string[] {
  if (clients.length === 0) return []
  const named = users.length > MOST_CUT_OFF ? count(users.length, 'user') : users.join(', ')
  return [
    `The log says that cut-offs were made, of clients or of users. Make them again: it ended sessions at ${clients.join(', ')}, of ${named}`,
  ]
}
