import type { FastifySchemaValidationError } from 'fastify'
import { DatabaseUnavailable, isOutOfStep } from '../db/failure.ts'
import type { Code } from '../explanations/all.ts'
import { NoSigningKey } from '../keys/key-ring.ts'
import { MasterKeyMissing } from '../keys/master-keys.ts'
import { OAuthError, quotable } from '../oauth/error.ts'
import type { Reason } from '../oauth/reasons.ts'
import { Problem } from './problem.ts'

/** Seconds after which a caller may try again what failed because of us. */
export const RETRY_AFTER = { 'retry-after': '2' }

interface FastifyFailure {
  code?: string
  statusCode?: number
  validation?: FastifySchemaValidationError[]
  validationContext?: string
}

/** What Fastify itself refuses, by its code. */
const FASTIFY_REASONS: Record<string, readonly [Reason, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'the body is larger than 16 KiB'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'content_type_unsupported',
    'send Content-Type: application/json or, where the endpoint takes a form, application/x-www-form-urlencoded',
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['body_malformed', 'the JSON body is empty'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['body_malformed', 'the body is not valid JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'body_malformed',
    'Content-Length is not the length of the body',
  ],
}

/** What is refused where files are sent, by the status it is refused with. */
const FILE_PROBLEMS: Record<number, readonly [status: number, code: Code, detail: string]> = {
  403: [404, 'not_found', 'there is nothing at this path'],
  404: [404, 'not_found', 'there is nothing at this path'],
  412: [412, 'precondition_failed', 'the file is another than If-Match or the like asks for'],
  416: [416, 'range_not_satisfiable', 'the file is shorter than Range asks for'],
}

/** Whatever went wrong in an OAuth route, as the one error it answers with. */
export function toOAuthError(failure: unknown): OAuthError {
  if (failure instanceof OAuthError) {
    return failure.status === 503 ? withRetryAfter(failure) : failure
  }
  if (failure instanceof DatabaseUnavailable || isOutOfStep(failure)) {
    return new OAuthError(
      'database_unavailable',
      'the database cannot be used now; keep your tokens and try again',
      RETRY_AFTER,
    )
  }
  if (failure instanceof MasterKeyMissing) {
    return new OAuthError(
      'master_key_missing',
      'the master key of this refresh token is not known here; keep your tokens and try again',
      RETRY_AFTER,
    )
  }
  if (failure instanceof NoSigningKey) {
    return new OAuthError(
      'not_ready',
      'no key signs yet; keep your tokens and try again',
      RETRY_AFTER,
    )
  }
  const { code = '', statusCode = 500, validation, validationContext } = failure as FastifyFailure
  const known = FASTIFY_REASONS[code]
  if (known !== undefined) return new OAuthError(...known)
  if (validation !== undefined)
    return new OAuthError('parameter_invalid', describe(validation, validationContext))
  if (statusCode < 500) return new OAuthError('body_malformed', 'the request is malformed')
  return new OAuthError('internal', 'an error of ours; it was logged under this request_id')
}

/** Whatever went wrong in any other route, as the problem it answers with. */
export function toProblem(failure: unknown): Problem {
  if (failure instanceof Problem) return failure
  const refused = FILE_PROBLEMS[(failure as FastifyFailure).statusCode ?? 0]
  if (refused !== undefined && !(failure instanceof OAuthError)) return new Problem(...refused)
  const error = toOAuthError(failure)
  return new Problem(error.status, error.reason, error.message, { ...error.headers })
}

/** What Fastify calls a part of a request, in words that people use. */
const PLACES: Record<string, string> = { querystring: 'query', params: 'path' }

/** A schema's complaint in words that fit an `error_description`; patterns would not. */
function describe([first]: FastifySchemaValidationError[], context?: string): string {
  const { instancePath = '', keyword = '', params = {}, message = '' } = first ?? {}
  const place = `${PLACES[context ?? ''] ?? 'body'}${instancePath.replaceAll('/', '.')}`
  switch (keyword) {
    case 'additionalProperties':
      return quotable(`${place} must not have ${params.additionalProperty}`)
    case 'pattern':
      return quotable(`${place} holds a character that is not allowed`)
    case 'format':
      return quotable(`${place} must be a ${params.format}`)
    case 'enum':
      // All of them, however many: they are our own.
      return `${quotable(place)} must be one of ${[params.allowedValues].flat().join(', ')}`
    default:
      return quotable(`${place} ${message}`)
  }
}

function withRetryAfter(error: OAuthError): OAuthError {
  return new OAuthError(error.reason, error.message, { ...RETRY_AFTER, ...error.headers })
}
