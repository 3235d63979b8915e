import { when } from '../base/times.ts'
import { deviceLabel } from '../sessions/devices/label.ts'
import { causeOf } from './end-causes.ts'
import type { UserFacts, UserSession } from './read-user.ts'
import type { FailedLogins } from './store.ts'
import { counted, times } from './words.ts'

/** So many ends and addresses are named; of more, their number. */
const MOST_NAMED = 5

/** What matters most of what happened to a user, in a few sentences. */
export function summarise(facts: UserFacts): string[] {
  if (!facts.isKnown) {
    return ['Nothing is known of this sub: no user here has it, no session, and no event.']
  }
  const { sessions, failedLogins, events, isCut } = facts
  const ended = sessions.filter(({ end }) => end !== undefined)
  const countOf = (type: string) => events.filter((event) => event.type === type).length
  const alive = sessions.length - ended.length
  const recovered = countOf('refresh.recovered')
  return [
    tellEnded(facts.username ?? facts.sub, sessions.length, ended),
    `${counted(alive, 'session')} ${alive === 1 ? 'is' : 'are'} alive now; ${counted(countOf('session.started'), 'session')} started in that time.`,
    failedLogins.lastAt !== undefined && tellFailedLogins(failedLogins, failedLogins.lastAt),
    recovered > 0 &&
      `${times(recovered)} the answer to a refresh had been lost and was given again: nobody was logged out by it.`,
    isCut && 'More happened than is told here: ask for a shorter time.',
  ].filter((sentence) => sentence !== false)
}

function tellEnded(name: string, all: number, ended: readonly UserSession[]): string {
  if (all === 0) return `${name} had no session in that time.`
  if (ended.length === 0) return `${name} was not logged out of any of ${counted(all, 'session')}.`
  const named = ended.slice(0, MOST_NAMED).map(tellOne).join('; ')
  const rest = ended.length > MOST_NAMED ? `; and ${ended.length - MOST_NAMED} more` : ''
  return `${name} was logged out of ${ended.length} of ${counted(all, 'session')}: ${named}${rest}.`
}

function tellOne({ session, end }: UserSession): string {
  const device = `${deviceLabel(session.device)} at client ${session.clientId}`
  if (end === undefined) return device
  return `${device} on ${when(end.at)}, because ${whyOf(session, end)}`
}

function whyOf({ sub, clientId }: UserSession['session'], end: NonNullable<UserSession['end']>) {
  if (end.expiredAt !== undefined) return 'it had expired before'
  if (end.reason === 'idle_timeout') return 'it had not been used for too long'
  if (end.reason === 'max_age') return 'it had reached its greatest age'
  // Where it came from stands in the chronicle.
  return causeOf(end.reason, {
    by: end.by,
    cutOffOf: end.cutOffOf,
    sub,
    clientId,
    address: undefined,
    userAgent: undefined,
  })
}

function tellFailedLogins({ total, addresses, byAddress }: FailedLogins, lastAt: number): string {
  const named = byAddress
    .slice(0, MOST_NAMED)
    .map(({ address, count }) => `${address ?? 'unknown'} (${count})`)
    .join(', ')
  const rest = addresses > MOST_NAMED ? ` and ${addresses - MOST_NAMED} more` : ''
  const from = `${addresses} address${addresses === 1 ? '' : 'es'}`
  return `${counted(total, 'login')} failed, the last on ${when(lastAt)}, from ${from}: ${named}${rest}.`
}
