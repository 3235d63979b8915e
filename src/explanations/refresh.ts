import { type Explanation, REFRESH_DOCUMENT, rfc } from './explanation.ts'

const FIND_BY_REQUEST_ID =
  'Run `mintmark explain session <request_id>` with the `request_id` of the answer: it tells the story of the session.'

/** What becomes of a refresh token that is presented. */
export const REFRESH = {
  refresh_unknown: {
    title: 'This is no refresh token of this service',
    cause:
      'The value is not one that this service made: it is cut off, changed or mistyped, it is an access token or the token of another environment (staging presented to production), or the row of its session is gone (30 days after the end of its greatest age). It also happens when the master key that made it is retired (`id:retired` in `MASTER_KEYS`) or another one has its id, and with `REFRESH_ACCEPT_AHEAD=false` after the database was restored to an earlier point.',
    confirm: [
      'Run `mintmark token inspect -` and paste the value: `token_malformed` means that characters are missing or changed. Otherwise it names the master key that made it.',
      'Run `mintmark token verify -` with the configuration of the service: it says at which step the value fails.',
      'Compare that master key with the one of the same id in `MASTER_KEYS` of every replica.',
    ],
    remedy: {
      app: 'Throw the token away and have the user log in. If it happens to many at once, see that the whole value is stored (it has 63 characters) and is sent to the environment that it came from.',
      operator:
        'Retire a master key only when `SESSION_MAX_TTL` has passed since another was put first: see `master_key_missing`.',
    },
    related: ['refresh_stale', 'session_idle_timeout', 'master_key_missing'],
    see: [REFRESH_DOCUMENT, rfc(6749, '5.2')],
  },
  refresh_stale: {
    title: 'A newer refresh token of this session is in use',
    cause:
      'The token presented is two or three rotations old, and the session was used within `REFRESH_RETRY_WINDOW` (30 seconds by default). Somebody else of the same user, mostly another tab, has refreshed in the meantime and stored a newer one. The session lives.',
    confirm: [
      'In the browser, compare the token that was sent with the one that is in the storage now: they differ.',
      'The log has successful refreshes of the same session a moment before: lines with `"msg":"request"`, `outcome` `rotated`, and the `sid` that `mintmark token inspect` reads from the access token.',
    ],
    remedy: {
      app: 'Read your storage again and go on with the token that is there; do not log the user out. Read the token from the storage right before each refresh, not once at the start, or let one tab refresh for all (Web Locks).',
    },
    related: ['refresh_reused'],
    see: [REFRESH_DOCUMENT],
  },
  refresh_reused: {
    title: 'A used refresh token was used again, and the session was ended',
    cause:
      'The token was replaced long ago, and its successor has been used since. Either it was stolen, or a client went back to an old copy: a backup, a second storage, a device that was restored. Nobody can tell the two apart from here, so that session was ended (RFC 9700 section 4.14). Other sessions of the user go on.',
    confirm: [
      FIND_BY_REQUEST_ID,
      'The event `refresh.reused` has both sides: the address that presented the old token, the one that the session was last used from, and how many rotations (`generation` less `presented`) lie between them.',
      'Two addresses that belong to different people speak for theft; the same address and user agent speak for a client with an old copy.',
    ],
    remedy: {
      app: 'Throw the tokens away and have the user log in. If it happens to your own users: store the new refresh token before the answer is used for anything else, keep it in one place alone, and send an `Idempotency-Key` that is stored before the request, so that a lost answer can be repeated for a day.',
      operator:
        'If the addresses are strange, tell the user, end the user’s other sessions (`mintmark sessions end --user <username>`) and have the password changed. Where clients are honest and slow, a longer `REFRESH_RETRY_WINDOW` helps.',
    },
    related: ['refresh_stale', 'retry_mismatch'],
    see: [REFRESH_DOCUMENT, rfc(9700, '4.14')],
  },
  client_mismatch: {
    title: 'The refresh token belongs to another client',
    cause:
      'A refresh token is bound to the client that it was issued to (RFC 6749 section 6), and the request was made for another one. Mostly two apps of one origin share a storage key, or a `client_id` was changed while its users were logged in. The session lives, and an event was written.',
    confirm: [
      FIND_BY_REQUEST_ID,
      'The event `refresh.client_mismatch` names the client of the session (`client_id`) and the one that presented its token (`presentedBy`).',
    ],
    remedy: {
      app: 'Send the `client_id` that the user logged in with, and keep the tokens of each client under a name of its own. After a change of the `client_id`, have users log in again.',
      operator:
        'If no app of yours can have mixed the two up, treat the token as leaked: `mintmark sessions end <sid>`.',
    },
    related: ['token_of_other_client', 'client_deleted'],
    see: [rfc(6749, '6')],
  },
  retry_mismatch: {
    title: 'A retry asked for something else than the request it repeats',
    cause:
      'The token presented has been replaced already, so this is the repetition of a refresh; but its `scope` or `resource` differs from what that refresh asked for. A repetition gets the answer of its request and no other. It costs the session nothing: the session lives, and the token that replaced this one is good.',
    confirm: [
      'Compare `scope` and `resource` of the request with those of the refresh before it: two calls of your app share one refresh token and ask for different things.',
      FIND_BY_REQUEST_ID,
    ],
    remedy: {
      app: 'Do not throw the session away: read your storage again, and ask with the refresh token that is there. To get access tokens of different scopes or audiences, refresh one after the other, each with the token of the answer before.',
    },
    related: ['refresh_stale', 'scope_not_allowed', 'resource_not_allowed'],
    see: [REFRESH_DOCUMENT, rfc(8707, '2')],
  },
  idempotency_key_invalid: {
    title: 'The Idempotency-Key cannot be used',
    cause:
      'The header must hold 1 to 255 printable ASCII characters without spaces, once. Sent twice, the two values are read as one with a comma and perhaps a space between them.',
    confirm: ['Look at the `Idempotency-Key` of the request as it was sent, quotes included.'],
    remedy: {
      app: 'Send a UUID, drawn and stored before the request and sent again with its retries alone. The refresh token was not used up.',
    },
    see: [REFRESH_DOCUMENT],
  },
} satisfies Record<string, Explanation>
