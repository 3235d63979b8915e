import type { Reason } from '../../oauth/reasons.ts'

/**
 * What an answer of each reason says, for the document. A reason that is missing here is one that no
 * described operation answers with: a wrong method, or bytes that never became a request.
 */
export const REASON_EXAMPLES = {
  host_invalid: 'send one Host header (RFC 9112 section 3.2)',
  url_malformed: 'the URL is not percent-encoded UTF-8 text: encode each value, a % as %25',
  uri_too_long: 'the URL is longer than 8 KiB; send parameters in the body',
  not_acceptable:
    'the answer is JSON, which Accept: image/png does not admit; send Accept: application/json',
  body_malformed: 'the body is not valid JSON',
  body_too_large: 'the body is larger than 16 KiB',
  content_type_unsupported:
    'send Content-Type: application/json or, where the endpoint takes a form, application/x-www-form-urlencoded',
  content_encoding_unsupported: 'send the body without Content-Encoding',
  credentials_in_query: 'send refresh_token in the body, never in the URL',
  parameter_missing: 'parameter token is missing',
  parameter_repeated: 'parameter client_id must not appear more than once (RFC 6749 section 3.2)',
  parameter_invalid: 'JSON member client_id must be a string',
  idempotency_key_invalid:
    'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces, such as a UUID',
  access_token_too_large:
    'the access token would take 4302 bytes, the limit is 4096; largest claims: orders (3611 bytes), roles (120 bytes), aud (53 bytes)',
  csrf_header_missing: 'a request with a refresh token cookie needs the header X-CSRF: 1',
  cross_site_request: 'a page of another site must not use the cookie (Sec-Fetch-Site: cross-site)',
  origin_not_allowed:
    'client web is not registered for pages of https://other.example; allow them by mintmark clients update',
  cookie_repeated: 'the refresh token cookie was sent twice',
  cookie_ambiguous:
    'there are refresh token cookies of several clients for this page: send client_id',
  cookie_outdated:
    'the refresh token cookie is an old one: its client has no cookies, or is not registered; log in again',
  cookie_missing:
    'no refresh token cookie came along: nobody is logged in here, or the page did not send credentials',
  cookie_required:
    'the refresh token of client web comes in its cookie alone: call POST /refresh without one',
  refresh_token_ambiguous:
    'a refresh token is in the body and another in a cookie: send one of them, or with the one in the body its client_id',
  client_authentication_missing:
    'no client authentication: send Authorization: Basic, or client_id with client_secret, or client_id alone for a public client',
  client_authentication_failed:
    'client authentication failed: the client is unknown, or its secret or method is wrong',
  client_authentication_ambiguous: 'two Authorization headers came; send one',
  client_not_allowed: 'starting a session needs a client with scope sessions:start',
  grant_not_allowed: 'client web is not registered for grant_type client_credentials',
  token_of_other_client: 'the token was issued to another client',
  grant_type_unsupported:
    'grant_type implicit is not supported; supported: client_credentials, password, refresh_token',
  scope_malformed: 'scope names nothing: leave it out to get all of it',
  scope_not_allowed: 'scope admin is not allowed here; allowed: orders:read orders:write',
  resource_not_allowed:
    'resource https://billing.example is not an audience of this client; allowed: https://orders.example',
  login_failed: 'the username or the password is wrong',
  user_disabled: 'the session was ended: the user was disabled',
  password_changed: 'the session was ended: the password was changed',
  refresh_unknown: 'this is no refresh token of this service',
  refresh_stale:
    'a newer refresh token of this session is in use; read your storage again, the session lives',
  refresh_reused:
    'the refresh token was used before; the session was ended because somebody else may hold it',
  retry_mismatch:
    'the refresh token was just used by a request for another scope or resource; repeat that request, or read your storage again: the session lives',
  client_mismatch: 'the refresh token belongs to another client',
  client_disabled: 'the session was ended: its client was disabled',
  client_deleted: 'the session was ended: its client was deleted',
  session_revoked: 'the session was ended: logged out',
  session_limit:
    'the session was ended: the user started more sessions here than are allowed at once',
  session_idle_timeout: 'the session was unused for too long; log in again',
  session_max_age: 'the session has reached its greatest age; log in again',
  too_many_logins:
    'too many failed logins of this account from this address; try again in 42 s, and keep your tokens: they are not touched',
  too_many_refreshes:
    'too many refreshes of this session; try again in 42 s, and keep your tokens: they are not touched',
  too_many_failures:
    'too many failed authentications of this client; try again in 42 s, and keep your tokens: they are not touched',
  too_many_requests:
    'too many requests from this address; try again in 42 s, and keep your tokens: they are not touched',
  login_queue_full: 'too many logins at this moment; try again shortly',
  database_unavailable: 'the database cannot be used now; keep your tokens and try again',
  master_key_missing:
    'the master key of this refresh token is not known here; keep your tokens and try again',
  not_ready: 'the service is not ready yet; try again',
  internal: 'an error of ours; it was logged under this request_id',
} as const satisfies Partial<Record<Reason, string>>

/** The same for the codes that only problems have, with their status. */
export const PROBLEM_EXAMPLES = {
  token_repeated: [400, 'send the token once, in the Authorization header'],
  token_missing: [401, 'send Authorization: Bearer and an access token'],
  token_malformed: [401, 'the access token is not a JWT of this service'],
  token_invalid: [401, 'the signature of the access token is wrong'],
  token_expired: [401, 'the access token has expired; refresh it'],
  token_revoked: [401, 'the access token was revoked, or its session has ended'],
  insufficient_scope: [403, 'this needs an access token with the scope mintmark:sessions:read'],
  client_required: [
    403,
    'this needs an access token that a client got for itself by client_credentials, and no user’s',
  ],
  cursor_invalid: [
    400,
    'this cursor was not given out for this list: repeat the parameters of the first page, or leave it out to begin anew',
  ],
  user_required: [403, 'this needs an access token of a user’s session'],
  client_unknown: [404, 'there is no client of this id'],
  user_unknown: [404, 'no user has this sub, and no session either'],
  signing_key_unknown: [404, 'no signing key has this kid; GET /keys lists all of them'],
  key_exists: [409, 'this key is here already, or was: none comes back'],
  key_busy: [
    409,
    'the next key of this algorithm begins to sign just now: try again in twenty seconds',
  ],
  key_invalid: [400, 'the JWK is public only: its private half is needed'],
  session_unknown: [
    404,
    'you may see no session of this id; GET /sessions lists those that you may see',
  ],
  key_unknown: [
    404,
    'no key of this kid is published: it has retired, was revoked, or never was; the JWK set has those that are',
  ],
  too_many_streams: [
    503,
    'as many follow what is revoked here, or from your address, as may; try again, or fetch /.well-known/revocations',
  ],
  reason_unknown: [404, 'no error has this name; GET /errors lists all of them'],
} as const satisfies Record<string, readonly [status: number, detail: string]>

/** A reason that the document has an example of. */
export type DescribedReason = keyof typeof REASON_EXAMPLES

/** A code that a problem of the document may carry. */
export type DescribedCode = DescribedReason | keyof typeof PROBLEM_EXAMPLES

const described = <const T extends readonly DescribedCode[]>(...codes: T) => codes

/** What any request may be answered with, whatever it asks for. */
export const ANYWHERE = described(
  'host_invalid',
  'url_malformed',
  'uri_too_long',
  'content_type_unsupported',
  'content_encoding_unsupported',
  'internal',
)

/** The same for what reads the database. */
export const STATEFUL = described(...ANYWHERE, 'database_unavailable', 'not_ready')

/** What becomes of a body that cannot be read. */
export const BODY = described(
  'body_malformed',
  'body_too_large',
  'parameter_repeated',
  'parameter_invalid',
)

/** What becomes of a form, or its JSON, at an OAuth endpoint. */
export const FORM = described(
  ...STATEFUL,
  ...BODY,
  'parameter_missing',
  'credentials_in_query',
  'client_authentication_ambiguous',
)

/** What becomes of a client that cannot be told (RFC 6749 §2.3). */
export const CLIENT = described(
  'client_authentication_missing',
  'client_authentication_failed',
  'too_many_failures',
)

/** What becomes of a request for tokens that asks for too much. */
export const ISSUE = described(
  'scope_malformed',
  'scope_not_allowed',
  'resource_not_allowed',
  'access_token_too_large',
)

/** What becomes of a client with cookies that is called from a page that is not its own. */
export const OWN_PAGE = described('csrf_header_missing', 'cross_site_request', 'origin_not_allowed')

/** What becomes of a cookie that cannot be used. */
export const COOKIE = described(
  ...OWN_PAGE,
  'cookie_repeated',
  'cookie_ambiguous',
  'cookie_outdated',
  'refresh_token_ambiguous',
)

/** What becomes of a refresh token that is of no use, or was presented wrongly. */
export const REFRESH = described(
  'grant_not_allowed',
  'idempotency_key_invalid',
  'refresh_unknown',
  'master_key_missing',
  'refresh_stale',
  'refresh_reused',
  'retry_mismatch',
  'client_mismatch',
  'client_disabled',
  'client_deleted',
  'session_revoked',
  'session_limit',
  'session_idle_timeout',
  'session_max_age',
  'user_disabled',
  'password_changed',
  'cookie_required',
  'too_many_refreshes',
)

/** What becomes of a request behind the bearer guard (RFC 6750 §3.1). */
export const BEARER = described(
  ...STATEFUL,
  'token_repeated',
  'token_missing',
  'token_malformed',
  'token_invalid',
  'token_expired',
  'token_revoked',
)

/** What becomes of any request to the admin API. */
export const ADMIN = described(
  ...BEARER,
  'insufficient_scope',
  'client_required',
  'parameter_repeated',
  'parameter_invalid',
)
