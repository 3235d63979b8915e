import type { OAuthError } from '../oauth/error.ts'
import type { Problem } from './problem.ts'
import { STATUS_CODES } from './status-codes.ts'

/** How much of an error its caller is told; the log is told everything. */
export type ErrorDetail = 'full' | 'minimal'

/** What errors look like to callers. */
export interface Wording {
  /** The body of an OAuth error (RFC 6749 §5.2), with what we add to it. */
  oauthBody(error: OAuthError, requestId: string): object
  /** The body for `application/problem+json` (RFC 9457 §3). */
  problemBody(problem: Problem, requestId: string): object
  /** The header fields of an error, as far as they may be told. */
  headers(fields: Readonly<Record<string, string>>): Record<string, string>
}

/**
 * @param options.issuer under it are the pages that `error_uri` and `type` name
 * @param options.errorDetail `minimal` tells what a program needs to go on, and the request's id
 */
export function createWording(options: { issuer: string; errorDetail: ErrorDetail }): Wording {
  return options.errorDetail === 'minimal' ? MINIMAL : createFullWording(options.issuer)
}

function createFullWording(issuer: string): Wording {
  const pageOf = (code: string) => `${issuer}/errors/${code}`
  return {
    oauthBody: ({ error, message, reason }, requestId) => ({
      error,
      error_description: message,
      error_uri: pageOf(reason),
      reason,
      request_id: requestId,
    }),
    problemBody: ({ status, message, code, hint }, requestId) => ({
      type: pageOf(code),
      title: titleOf(status),
      status,
      detail: message,
      code,
      request_id: requestId,
      ...(hint !== undefined && { hint }),
    }),
    headers: (fields) => ({ ...fields }),
  }
}

const MINIMAL: Wording = {
  oauthBody: ({ error }, requestId) => ({ error, request_id: requestId }),
  problemBody: ({ status }, requestId) => ({
    type: 'about:blank',
    title: titleOf(status),
    status,
    request_id: requestId,
  }),
  headers: (fields) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        // RFC 6750 §3: a challenge may say in words what its `error` says in one.
        name === 'www-authenticate' ? value.replace(/, error_description="[^"]*"/, '') : value,
      ]),
    ),
}

function titleOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error'
}
