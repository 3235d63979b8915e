/**
 * Why a request failed: the closed set of `reason` codes and, for each, the RFC 6749 §5.2 (or
 * RFC 8707 §2) error it goes out with and the HTTP status. The RFC's code tells a program what to
 * do; the reason tells a person what happened. `invalid_grant` is the only error on which a client
 * may throw a token away, so only a committed fact maps to it.
 */
export const reasons = {
  http_malformed: ['invalid_request', 400],
  host_invalid: ['invalid_request', 400],
  headers_too_large: ['invalid_request', 431],
  request_timeout: ['invalid_request', 408],
  body_malformed: ['invalid_request', 400],
  body_too_large: ['invalid_request', 413],
  content_type_unsupported: ['invalid_request', 415],
  content_encoding_unsupported: ['invalid_request', 415],
  credentials_in_query: ['invalid_request', 400],
  parameter_missing: ['invalid_request', 400],
  parameter_repeated: ['invalid_request', 400],
  parameter_invalid: ['invalid_request', 400],
  idempotency_key_invalid: ['invalid_request', 400],
  access_token_too_large: ['invalid_request', 400],
  method_not_allowed: ['invalid_request', 405],
  client_authentication_missing: ['invalid_client', 401],
  client_authentication_failed: ['invalid_client', 401],
  client_authentication_ambiguous: ['invalid_request', 400],
  client_not_allowed: ['unauthorized_client', 403],
  grant_not_allowed: ['unauthorized_client', 400],
  token_of_other_client: ['unauthorized_client', 400],
  grant_type_unsupported: ['unsupported_grant_type', 400],
  scope_malformed: ['invalid_scope', 400],
  scope_not_allowed: ['invalid_scope', 400],
  resource_not_allowed: ['invalid_target', 400],
  login_failed: ['invalid_grant', 400],
  user_disabled: ['invalid_grant', 400],
  password_changed: ['invalid_grant', 400],
  refresh_unknown: ['invalid_grant', 400],
  refresh_stale: ['invalid_grant', 400],
  refresh_reused: ['invalid_grant', 400],
  client_mismatch: ['invalid_grant', 400],
  client_deleted: ['invalid_grant', 400],
  session_revoked: ['invalid_grant', 400],
  session_idle_timeout: ['invalid_grant', 400],
  session_max_age: ['invalid_grant', 400],
  login_queue_full: ['temporarily_unavailable', 503],
  database_unavailable: ['temporarily_unavailable', 503],
  not_ready: ['temporarily_unavailable', 503],
  internal: ['server_error', 500],
} as const satisfies Record<string, readonly [error: string, status: number]>

export type Reason = keyof typeof reasons
