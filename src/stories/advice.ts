import type { Code } from '../explanations/all.ts'
import type { SessionEnd } from './session-end.ts'

type Reason = SessionEnd['reason']

/**
 * The page about an end: it explains what a refresh of the session is answered with or, of a client
 * that is disabled or deleted, will be once it is there again.
 */
export function pageOf(reason: Reason): Code {
  return PAGES[reason]
}

const PAGES: Record<Reason, Code> = {
  logged_out: 'session_revoked',
  token_revoked: 'session_revoked',
  ended_by_user: 'session_revoked',
  ended_by_operator: 'session_revoked',
  cut_off: 'session_revoked',
  refresh_reused: 'refresh_reused',
  user_disabled: 'user_disabled',
  password_changed: 'password_changed',
  client_disabled: 'client_disabled',
  client_deleted: 'client_deleted',
  session_limit: 'session_limit',
  idle_timeout: 'session_idle_timeout',
  max_age: 'session_max_age',
}

/** What somebody who supports the user may do about an end; nothing where it was meant. */
export function adviceOn(reason: Reason): readonly string[] {
  return ADVICE[reason] ?? []
}

const LOG_IN = 'The user may log in again.'
const PASSWORD =
  'mintmark users set-password sets a new password and ends all of the user’s sessions.'

const ADVICE: Partial<Record<Reason, readonly string[]>> = {
  logged_out: [
    'If the user did not log out, look for what does so on its own: a page that calls /logout when it closes, or on an error.',
  ],
  ended_by_user: [
    `If the user did not end it, somebody else is logged in as the user: ${PASSWORD}`,
  ],
  refresh_reused: [
    `Ask the user whether the addresses are theirs. If not: ${PASSWORD}`,
    'If so, and it happens again, the app loses tokens: it must store the new refresh token before it uses it, and share it between its tabs and processes.',
    LOG_IN,
  ],
  password_changed: [`If the user knows nothing of a new password: ${PASSWORD}`],
  session_limit: [
    'Many sessions from one device mean that the app logs in where it should refresh. MAX_SESSIONS, or the client’s own number, allows more.',
  ],
  idle_timeout: [`${LOG_IN} SESSION_IDLE_TTL, or the client’s own, says how long is allowed.`],
  max_age: [`${LOG_IN} SESSION_MAX_TTL, or the client’s own, says how old a session may become.`],
  client_disabled: [
    'While the client is disabled, all that it asks is answered 401 client_authentication_failed. Users can log in there again once it is enabled.',
  ],
  client_deleted: [
    'Without the client, all that it asks is answered 401 client_authentication_failed. If it was deleted by mistake, register it again; its users must log in once.',
  ],
}
