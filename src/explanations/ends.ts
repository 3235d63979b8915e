import { type Explanation, REFRESH_DOCUMENT } from './explanation.ts'

const EXPLAIN =
  'Run `mintmark explain session <request_id>`: it tells when the session ended, how, and who did it.'
const LOG_IN_AGAIN = 'Throw the tokens of this session away and have the user log in.'

/** Why a session is over. */
export const ENDS = {
  session_revoked: {
    title: 'The session was ended on purpose',
    cause:
      'Somebody ended it: the user by logging out here or by ending it from another device, a client by revoking one of its tokens, an operator by a command, or a cut-off that refuses every session that began before it. The `error_description` says which where it can be told.',
    confirm: [
      EXPLAIN,
      'The event `session.ended` has the `reason` (`logged_out`, `token_revoked`, `ended_by_user`, `ended_by_operator`, `cut_off`) and the one who did it (`by`).',
    ],
    remedy: {
      app: `${LOG_IN_AGAIN} If nobody meant it, look for a logout that runs on its own: on closing a tab, on an error of another kind, in a second tab.`,
      operator: 'If it was your own doing, nothing: it works as asked.',
    },
    related: ['token_revoked', 'refresh_reused'],
    see: [REFRESH_DOCUMENT],
  },
  session_idle_timeout: {
    title: 'The session was unused for too long',
    cause:
      'No refresh came for `SESSION_IDLE_TTL` (14 days by default), or for the shorter time that the client is registered with. Every answer with tokens says how long is left, in `refresh_expires_in`.',
    confirm: [
      EXPLAIN,
      'Compare `last_used_at` of the session with the lifetime: `mintmark clients show <client_id>` has the client’s own, the configuration the one for all others.',
    ],
    remedy: {
      app: `${LOG_IN_AGAIN} Nothing is wrong if the user was away for so long.`,
      operator:
        'If users are asked too often, lengthen `SESSION_IDLE_TTL`; new uses get the new time.',
    },
    related: ['session_max_age'],
    see: [REFRESH_DOCUMENT],
  },
  session_max_age: {
    title: 'The session has reached its greatest age',
    cause:
      'A session ends `SESSION_MAX_TTL` (90 days by default) after its login, however often it is refreshed; a client may be registered with a shorter time. Every answer with tokens says how long is left, in `session_expires_in`.',
    confirm: [
      EXPLAIN,
      'Compare the time of the login, `auth_time` in the access token, with the lifetime of the client (`mintmark clients show <client_id>`).',
    ],
    remedy: {
      app: `${LOG_IN_AGAIN} To be ahead of it, ask the user at a moment of your choice once \`session_expires_in\` becomes small.`,
      operator:
        'If users are asked too often, lengthen `SESSION_MAX_TTL`. It is set when a session starts, so sessions that are alive keep theirs.',
    },
    related: ['session_idle_timeout'],
    see: [REFRESH_DOCUMENT],
  },
  session_limit: {
    title: 'The session made room for a newer one',
    cause:
      'A user may have so many sessions at one client (`MAX_SESSIONS`, 100 by default, or the number that the client is registered with). A login beyond it ends the oldest, which was this one.',
    confirm: [
      EXPLAIN,
      'Run `mintmark sessions list --user <username> --client <client_id>` and count them.',
      'Many sessions from one address and user agent mean a program that logs in where it should refresh.',
    ],
    remedy: {
      app: `${LOG_IN_AGAIN} A program that logs in for every run should keep its refresh token, or use \`client_credentials\` if it speaks for itself.`,
      operator: 'Raise `MAX_SESSIONS`, or the number of that client, if so many devices are real.',
    },
    related: ['session_revoked'],
  },
  user_disabled: {
    title: 'The user was disabled',
    cause:
      'An operator disabled the user. That ended all sessions of the user at once, and new ones are refused, those that a backend starts included. A login by password says `login_failed`, which tells strangers nothing.',
    confirm: ['Run `mintmark users list`: the user is shown as disabled, and since when.', EXPLAIN],
    remedy: {
      app: 'Throw the tokens away and show the login page; trying again will not help.',
      service:
        'A backend that starts sessions should tell its user to turn to whoever runs the accounts.',
      operator: 'The event `user.disabled` has the time; the decision is yours.',
    },
    related: ['login_failed', 'session_revoked'],
  },
  password_changed: {
    title: 'The password was changed',
    cause:
      'The user’s password was replaced, and that ended all sessions that began with the old one: whoever knew it is out.',
    confirm: [
      EXPLAIN,
      'The event `user.password_changed` has the same time as the end of the session.',
    ],
    remedy: {
      app: `${LOG_IN_AGAIN} The new password is asked for.`,
      operator:
        'If the user knows nothing of a change, set another password (`mintmark users set-password <username>`) and find out who did it.',
    },
    related: ['login_failed', 'session_revoked'],
  },
  client_deleted: {
    title: 'The client of the session was deleted, and registered again since',
    cause:
      'The client was deleted, which ended all of its sessions, this one among them. Then a client was registered under the same `client_id`: that does not bring them back. In between, every request of it is answered 401 `client_authentication_failed`.',
    confirm: [
      EXPLAIN,
      'Run `mintmark clients show <client_id>`: it was created after the session began. The event `client.deleted` has the time of the deletion.',
    ],
    remedy: {
      app: LOG_IN_AGAIN,
      operator:
        'Nothing, once users log in. To take a client out of use for a while, `mintmark clients disable` keeps its registration; it ends the sessions all the same.',
    },
    related: ['client_disabled', 'client_authentication_failed'],
  },
  client_disabled: {
    title: 'The client of the session was disabled, and enabled again since',
    cause:
      'An operator disabled the client, which ended all of its sessions, this one among them. It was enabled again since: that does not bring them back. In between, every request of it is answered 401 `client_authentication_failed`.',
    confirm: [
      EXPLAIN,
      'The events `client.disabled` and `client.enabled` have the times, and who did it.',
    ],
    remedy: {
      app: LOG_IN_AGAIN,
      operator: 'Nothing: the client works again, and its users must log in once.',
    },
    related: ['client_deleted', 'client_authentication_failed'],
  },
} satisfies Record<string, Explanation>
