import { type TSchema, Type } from 'typebox'
import { reasons } from '../../oauth/reasons.ts'
import { Problem } from '../problem.ts'
import {
  type DescribedCode,
  type DescribedReason,
  PROBLEM_EXAMPLES,
  REASON_EXAMPLES,
} from './error-examples.ts'
import { header, headerAlways } from './header.ts'
import { reference } from './reference.ts'

/** The error answer of the OAuth endpoints (RFC 6749 §5.2). */
export const OAuthErrorBody = Type.Object(
  {
    error: Type.String({
      enum: [...new Set(Object.values(reasons).map(([error]) => error))],
      description:
        'What a program should do. Only `invalid_grant` means that a refresh token is of no more use.',
    }),
    error_description: Type.String({
      description: 'For the developer: what was wrong, what to do.',
      pattern: '^[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]+$',
    }),
    reason: Type.String({ enum: Object.keys(reasons), description: 'What exactly happened.' }),
    request_id: Type.String({ description: 'Finds the request in the log; also in X-Request-Id.' }),
  },
  {
    $id: 'OAuthError',
    description: 'An error of an OAuth endpoint (RFC 6749 section 5.2).',
    additionalProperties: false,
  },
)

/** The error answer of all other endpoints (RFC 9457), as application/problem+json. */
export const ProblemBody = Type.Object(
  {
    type: Type.String({ description: '`about:blank`: the status says it; `code` says more.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What was wrong, and what to do.' }),
    code: Type.String({ description: 'A stable code for programs.' }),
    request_id: Type.String({ description: 'Finds the request in the log; also in X-Request-Id.' }),
    hint: Type.Optional(
      Type.String({ description: 'Of a 404: the path that was probably meant.' }),
    ),
  },
  {
    $id: 'Problem',
    description: 'An error of an endpoint that is not an OAuth one (RFC 9457).',
    additionalProperties: false,
  },
)

/** The `response` entries of an OAuth route that fails for these reasons, each with its example. */
export function oauthErrors(...codes: DescribedReason[]) {
  return respond(codes, 'application/json', OAuthErrorBody, (reason) => ({
    error: reasons[reason][0],
    error_description: REASON_EXAMPLES[reason],
    reason,
    request_id: REQUEST_ID,
  }))
}

/** The `response` entries of an account or public route whose problems have these codes. */
export function problems(...codes: DescribedCode[]) {
  return respond(codes, 'application/problem+json', ProblemBody, (code) =>
    new Problem(statusOf(code), code, detailOf(code)).toBody(REQUEST_ID),
  )
}

const REQUEST_ID = '0199c0de-8f5a-7cc2-9a3b-3d2f4a5b6c7d'

/** One response for each status of the codes, with an example for each code. */
function respond<C extends DescribedCode>(
  codes: readonly C[],
  mediaType: string,
  schema: typeof OAuthErrorBody | typeof ProblemBody,
  toBody: (code: C) => object,
) {
  const responses: Record<number, object> = {}
  for (const [status, group] of Map.groupBy(new Set(codes), statusOf)) {
    const examples = Object.fromEntries(group.map((code) => [code, { value: toBody(code) }]))
    responses[status] = {
      description: MEANINGS[status],
      ...(HEADERS[status] && { headers: HEADERS[status] }),
      content: { [mediaType]: { schema: reference(schema), examples } },
    }
  }
  return responses
}

const isOwn = (code: DescribedCode): code is keyof typeof PROBLEM_EXAMPLES =>
  code in PROBLEM_EXAMPLES

function statusOf(code: DescribedCode): DescribedStatus {
  return isOwn(code) ? PROBLEM_EXAMPLES[code][0] : reasons[code][1]
}

function detailOf(code: DescribedCode): string {
  return isOwn(code) ? PROBLEM_EXAMPLES[code][1] : REASON_EXAMPLES[code]
}

type DescribedStatus =
  | (typeof reasons)[DescribedReason][1]
  | (typeof PROBLEM_EXAMPLES)[keyof typeof PROBLEM_EXAMPLES][0]

const MEANINGS: Record<DescribedStatus, string> = {
  400: 'The request is malformed, or what it asks for is not granted.',
  401: 'Authentication is missing or failed.',
  403: 'Not allowed to this caller.',
  404: 'There is no such thing here.',
  406: 'The answer would be JSON, which the Accept header does not admit.',
  413: 'The body is larger than 16 KiB.',
  414: 'The URL is longer than 8 KiB.',
  415: 'The body has another media type than those named here, or is compressed.',
  429: 'Too many requests. Try again after Retry-After seconds, and keep every token.',
  500: 'An error of ours; the log has it under the request_id.',
  503: 'Try again after Retry-After seconds. Nothing was decided: keep every token.',
}

const RETRY_AFTER = headerAlways('Seconds to wait before the next try.', '2')

/** What an error's header fields say. */
const HEADERS: Partial<Record<keyof typeof MEANINGS, Record<string, TSchema>>> = {
  401: {
    'WWW-Authenticate': header(
      'A challenge for the scheme that was tried (RFC 6749 section 5.2, RFC 6750).',
      'Bearer realm="mintmark"',
    ),
  },
  415: {
    'Accept-Encoding': header('What a body may be encoded by, where that was wrong.', 'identity'),
  },
  429: {
    'Retry-After': headerAlways('Seconds until there is room again.', '42'),
    'RateLimit-Policy': headerAlways(
      'The limit that was reached (draft-ietf-httpapi-ratelimit-headers).',
      '"login";q=10;w=60',
    ),
    RateLimit: headerAlways('What is left of it.', '"login";r=0;t=42'),
    'RateLimit-Limit': headerAlways('How much it is.', '10'),
    'RateLimit-Remaining': headerAlways('How much is left.', '0'),
    'RateLimit-Reset': headerAlways('Seconds until it begins anew.', '42'),
  },
  503: { 'Retry-After': RETRY_AFTER },
}
