/** Why a token is refused, or why nothing could be said of it. The codes stay. */
export const CODES = {
  token_missing: { status: 401, error: undefined, title: 'there is no access token' },
  request_invalid: {
    status: 400,
    error: 'invalid_request',
    title: 'the request holds more than one token',
  },
  token_too_large: { status: 401, error: 'invalid_token', title: 'the token is too large' },
  token_malformed: {
    status: 401,
    error: 'invalid_token',
    title: 'the token is not a well-formed JWT',
  },
  typ_not_allowed: { status: 401, error: 'invalid_token', title: 'the token is of another kind' },
  alg_not_allowed: {
    status: 401,
    error: 'invalid_token',
    title: 'the token is signed by an algorithm that is not taken',
  },
  kid_missing: { status: 401, error: 'invalid_token', title: 'the token does not name its key' },
  kid_unknown: {
    status: 401,
    error: 'invalid_token',
    title: 'the token is signed by a key that the issuer does not publish',
  },
  signature_invalid: {
    status: 401,
    error: 'invalid_token',
    title: 'the signature does not fit the token',
  },
  issuer_mismatch: { status: 401, error: 'invalid_token', title: 'the token is of another issuer' },
  audience_mismatch: {
    status: 401,
    error: 'invalid_token',
    title: 'the token is meant for another service',
  },
  claim_invalid: {
    status: 401,
    error: 'invalid_token',
    title: 'a claim is missing or is not what it must be',
  },
  token_expired: { status: 401, error: 'invalid_token', title: 'the token has expired' },
  token_not_yet_valid: { status: 401, error: 'invalid_token', title: 'the token is of the future' },
  lifetime_too_long: {
    status: 401,
    error: 'invalid_token',
    title: 'the token lives longer than is taken',
  },
  token_revoked: { status: 401, error: 'invalid_token', title: 'the token was revoked' },
  scope_missing: { status: 403, error: 'insufficient_scope', title: 'the token lacks a scope' },
  jwks_unavailable: {
    status: 503,
    error: undefined,
    title: 'the keys of the issuer could not be had',
  },
  revocations_stale: {
    status: 503,
    error: undefined,
    title: 'it is not known whether the token was revoked',
  },
} as const satisfies Record<string, CodeFacts>

interface CodeFacts {
  /** The HTTP status of the answer. */
  readonly status: 400 | 401 | 403 | 503
  /** The error code of RFC 6750 §3.1; none where no token was shown, or it is no fault of the token. */
  readonly error: string | undefined
  readonly title: string
}

/** A stable name of what was wrong. */
export type VerifyCode = keyof typeof CODES

/** What is known of a failure. No field holds a token, or a part of one that could be used. */
export interface VerifyFailure {
  readonly code: VerifyCode
  readonly expected?: string | undefined
  readonly actual?: string | undefined
  /** What to do about it. */
  readonly hint?: string | undefined
  /** The scope that was asked for, in the form of RFC 6749 §3.3. */
  readonly scope?: string | undefined
  /** In how many seconds it is worth to try again; of 503 alone. */
  readonly retryAfterSeconds?: number | undefined
  readonly cause?: unknown
}

/**
 * A token that is refused (400, 401, 403), or of which nothing can be said for now (503): the one error
 * of this package. Our own trouble is never 401, which would log somebody out.
 */
export class VerifyError extends Error {
  override readonly name = 'VerifyError'
  readonly code: VerifyCode
  readonly status: 400 | 401 | 403 | 503
  readonly expected: string | undefined
  readonly actual: string | undefined
  readonly hint: string | undefined
  readonly retryAfterSeconds: number | undefined
  /** The challenge for the answer's header (RFC 6750 §3); undefined with 503, which asks for none. */
  readonly wwwAuthenticate: string | undefined

  constructor(failure: VerifyFailure) {
    const { status, error, title } = CODES[failure.code]
    super(title, failure.cause === undefined ? undefined : { cause: failure.cause })
    this.code = failure.code
    this.status = status
    this.expected = failure.expected
    this.actual = failure.actual
    this.hint = failure.hint
    this.retryAfterSeconds = status === 503 ? (failure.retryAfterSeconds ?? 5) : undefined
    this.wwwAuthenticate = status === 503 ? undefined : challenge(error, title, failure.scope)
  }
}

/** RFC 6750 §3: who showed no token at all is told no error. What is said holds nothing of the token. */
function challenge(error: string | undefined, title: string, scope: string | undefined): string {
  if (error === undefined) return 'Bearer'
  const parameters = [`error="${error}"`, `error_description="${title}"`]
  if (scope !== undefined) parameters.push(`scope="${scope}"`)
  return `Bearer ${parameters.join(', ')}`
}
