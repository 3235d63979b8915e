import type { VerifyError } from '../errors.ts'

/** The body of a refusal (RFC 9457), as application/problem+json. */
export interface ProblemBody {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  /** What was wrong; says nothing of the token's content. */
  readonly detail: string
  /** Stable, for programs. */
  readonly code: string
  readonly expected?: string
  readonly actual?: string
  readonly hint?: string
}

export const PROBLEM_TYPE = 'application/problem+json'

/** The headers of a refusal: the challenge (RFC 6750 §3), when to come again, and that nobody keeps it. */
export function headersOf(error: VerifyError): Record<string, string> {
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  if (error.wwwAuthenticate !== undefined) headers['www-authenticate'] = error.wwwAuthenticate
  const { retryAfterSeconds } = error
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
  return headers
}

/** @param exposeDetails whether the caller is told what was expected, what was there, and a hint */
export function problemOf(error: VerifyError, exposeDetails: boolean): ProblemBody {
  const { status, code, message, expected, actual, hint } = error
  const body = {
    type: 'about:blank',
    title: TITLES[status],
    status,
    detail: message,
    code,
  } as const
  if (!exposeDetails) return body
  return {
    ...body,
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual }),
    ...(hint !== undefined && { hint }),
  }
}

/** RFC 9457 §4.2.1: of `about:blank` the title is that of the status. */
const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  503: 'Service Unavailable',
} as const
