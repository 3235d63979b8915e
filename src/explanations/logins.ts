import { type Explanation, LIMITS_DOCUMENT, rfc } from './explanation.ts'

/** What stands in the way of a login by password. */
export const LOGINS = {
  login_failed: {
    title: 'The username or the password is wrong',
    cause:
      'There is no such user, the password is another one, or the user was disabled. The answer is the same for all three, and takes the same time, so that nobody learns which names exist. It speaks of this login alone: tokens of other sessions are untouched.',
    confirm: [
      'Run `mintmark users list`: is the name there, in this spelling, and not disabled? Case does not matter.',
      'The event `login.failed` of this `request_id` has a `sub` if the name is known, and none if it is not.',
      'Is it this environment (`ISSUER`) in which the user was created?',
    ],
    remedy: {
      app: 'Ask again. Send the password as it was typed, without trimming it, in a form or JSON in UTF-8. Do not try again by a program: failures are counted.',
      operator:
        'Set a new password with `mintmark users set-password <username>`; it ends the user’s sessions.',
    },
    related: ['too_many_logins', 'user_disabled', 'client_authentication_failed'],
    see: [rfc(6749, '5.2')],
  },
  too_many_logins: {
    title: 'Too many failed logins',
    cause:
      'Failed logins are counted by account and address, by account, and by address; one of the three is full. Logins that succeed are not counted. Nothing is locked, and no session is touched.',
    confirm: [
      'The header `RateLimit-Policy` names the count: `login` (this account from this address), `login-total` (this account from everywhere) or `login-address` (this address).',
      'The log has `a limit was reached` with the same `bucket` and the `address`.',
      'If the `address` is that of your proxy, all users are counted as one: `TRUSTED_PROXIES` is missing.',
    ],
    remedy: {
      app: 'Wait for as many seconds as `Retry-After` says, tell the user so, and keep all tokens.',
      operator:
        'Set `TRUSTED_PROXIES` behind a proxy. The limits are `RATE_LIMIT_LOGIN_ACCOUNT`, `RATE_LIMIT_LOGIN_ACCOUNT_TOTAL` and `RATE_LIMIT_LOGIN_ADDRESS`.',
    },
    related: ['login_failed', 'login_queue_full'],
    see: [LIMITS_DOCUMENT],
  },
  login_queue_full: {
    title: 'Too many logins at this moment',
    cause:
      'Passwords are hashed a few at a time, because each takes a whole core; the queue for it (`PASSWORD_QUEUE_LIMIT`) is full. The password was not looked at, and refreshes are not held up.',
    confirm: [
      'Many lines of the log have `"reason":"login_queue_full"`, and logins that succeed have a long `duration_ms`.',
      'A flood of `login.failed` events beside it means guessing; many different users mean a busy morning.',
    ],
    remedy: {
      app: 'Try again after `Retry-After` seconds, and keep all tokens.',
      operator:
        'Give the service more cores, and `PASSWORD_CONCURRENCY` with them, or add replicas.',
    },
    related: ['too_many_logins', 'database_unavailable'],
    see: [LIMITS_DOCUMENT],
  },
} satisfies Record<string, Explanation>
