import { type TSchema, Type } from 'typebox'
import { reasons } from '../../oauth/reasons.ts'
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
    }),
    reason: Type.String({ enum: Object.keys(reasons), description: 'What exactly happened.' }),
    request_id: Type.String({ description: 'Finds the request in the log; also in X-Request-Id.' }),
  },
  {
    $id: 'OAuthError',
    description: 'An error of an OAuth endpoint (RFC 6749 section 5.2).',
    examples: [
      {
        error: 'invalid_grant',
        error_description: 'the username or the password is wrong',
        reason: 'login_failed',
        request_id: '0199c0de-8f5a-7cc2-9a3b-3d2f4a5b6c7d',
      },
    ],
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
    examples: [
      {
        type: 'about:blank',
        title: 'Unauthorized',
        status: 401,
        detail: 'the access token has expired',
        code: 'token_expired',
        request_id: '0199c0de-8f5a-7cc2-9a3b-3d2f4a5b6c7d',
      },
    ],
  },
)

/** The `response` entries of an OAuth route for these statuses. */
export function oauthErrors(...statuses: (keyof typeof MEANINGS)[]) {
  return describe(statuses, 'application/json', reference(OAuthErrorBody))
}

/** The `response` entries of an account or public route for these statuses. */
export function problems(...statuses: (keyof typeof MEANINGS)[]) {
  return describe(statuses, 'application/problem+json', reference(ProblemBody))
}

const MEANINGS = {
  400: 'The request is malformed, or what it asks for is not granted.',
  401: 'Authentication is missing or failed.',
  403: 'Not allowed to this caller.',
  404: 'There is no such thing here.',
  406: 'The answer would be JSON, which the Accept header does not admit.',
  413: 'The body is larger than 16 KiB.',
  415: 'The body has another media type than those named here.',
  503: 'Try again after Retry-After seconds. Nothing was decided: keep every token.',
} as const

/** What an error's header fields say. */
const HEADERS: Partial<Record<keyof typeof MEANINGS, Record<string, TSchema>>> = {
  401: {
    'WWW-Authenticate': Type.String({
      description: 'A challenge for the scheme that was tried (RFC 6749 section 5.2, RFC 6750).',
    }),
  },
  503: { 'Retry-After': Type.Integer({ description: 'Seconds to wait before the next try.' }) },
}

function describe(statuses: (keyof typeof MEANINGS)[], mediaType: string, schema: object) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: MEANINGS[status],
        content: { [mediaType]: { schema } },
        ...(HEADERS[status] && { headers: HEADERS[status] }),
      },
    ]),
  )
}
