import type { CutOffSubject } from '../revocations/cut-off.ts'
import { byWhom, fromWhere, whoIs } from './words.ts'

/** Who ended a session, as far as it is known, and from where. */
export interface EndedBy {
  readonly by: string | undefined
  readonly sub: string | undefined
  readonly clientId: string | undefined
  readonly address: string | undefined
  readonly userAgent: string | undefined
  /** Of a cut-off, as far as it is known. */
  readonly cutOffOf?: CutOffSubject['kind'] | undefined
}

type Tell = (ended: EndedBy) => string

/** Each continues the sentence "It was ended, because …". */
const CAUSES: Readonly<Record<string, Tell>> = {
  logged_out: (ended) => `the user logged out there${fromWhere(ended)}`,
  token_revoked: (ended) =>
    `one of its tokens was revoked${byWhom(ended.by, ended.sub)}${fromWhere(ended)}`,
  ended_by_user: (ended) => `the user ended it in the list of their sessions${fromWhere(ended)}`,
  ended_by_operator: (ended) => `${whoIs(ended.by, ended.sub)} ended it${fromWhere(ended)}`,
  refresh_reused: () => 'a refresh token that had been used before was used again',
  user_disabled: (ended) => `the user was disabled${byWhom(ended.by, ended.sub)}`,
  password_changed: (ended) => `the user’s password was changed${byWhom(ended.by, ended.sub)}`,
  client_disabled: (ended) => `client ${ended.clientId} was disabled${byWhom(ended.by, ended.sub)}`,
  client_deleted: (ended) => `client ${ended.clientId} was deleted${byWhom(ended.by, ended.sub)}`,
  cut_off: (ended) =>
    `all sessions${whoseSessions(ended)} that had started before a given instant were cut off${byWhom(ended.by, ended.sub)}`,
  session_limit: (ended) =>
    `the user started another session at client ${ended.clientId}${fromWhere(ended)}, and had more of them then than are allowed: the oldest one makes room`,
}

function whoseSessions({ cutOffOf, clientId }: EndedBy): string {
  if (cutOffOf === undefined) return ''
  return cutOffOf === 'user' ? ' of the user' : ` of client ${clientId}`
}

/** Why a session ended, in words that continue "because". `reason` may be one that nobody knows. */
export function causeOf(reason: string, ended: EndedBy): string {
  return (CAUSES[reason] ?? ((other) => `of ${reason}${byWhom(other.by, other.sub)}`))(ended)
}
