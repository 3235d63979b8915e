/** Why there is no token; the codes stay. */
export type ServiceTokenCode =
  /** The token endpoint said no: see `error` and `reason`. It needs somebody to change something. */
  | 'refused'
  /** The token endpoint has trouble, or had too many requests (429, 5xx). */
  | 'unavailable'
  /** The token endpoint did not answer. */
  | 'unreachable'
  /** What came is no token answer (RFC 6749 §5.1). */
  | 'answer_invalid'
  /** The function that gives the client's secret threw (see `cause`), gave none, or not in time. */
  | 'secret_unavailable'
  | 'closed'

/** There is no token, and none that still lives. Holds no secret and no part of one. */
export class ServiceTokenError extends Error {
  override readonly name = 'ServiceTokenError'
  readonly code: ServiceTokenCode
  /** The status of the answer; undefined when there was none. */
  readonly status: number | undefined
  /** No request is made for so long; `getToken` throws this error again at once. */
  readonly retryAfterSeconds: number
  /** What the server said (RFC 6749 §5.2). */
  readonly error: string | undefined
  readonly errorDescription: string | undefined
  /** Mintmark's own word for what exactly happened, and the id under which it is in its log. */
  readonly reason: string | undefined
  readonly requestId: string | undefined

  constructor(failure: ServiceTokenFailure, retryAfterSeconds: number) {
    super(failure.message, failure.cause === undefined ? undefined : { cause: failure.cause })
    this.code = failure.code
    this.status = failure.status
    this.retryAfterSeconds = retryAfterSeconds
    this.error = failure.error
    this.errorDescription = failure.errorDescription
    this.reason = failure.reason
    this.requestId = failure.requestId
  }
}

/** What went wrong with one request. */
export interface ServiceTokenFailure {
  readonly code: ServiceTokenCode
  readonly message: string
  readonly status?: number
  /** What Retry-After asked for, in seconds. */
  readonly retryAfter?: number
  readonly error?: string | undefined
  readonly errorDescription?: string | undefined
  readonly reason?: string | undefined
  readonly requestId?: string | undefined
  readonly cause?: unknown
}
