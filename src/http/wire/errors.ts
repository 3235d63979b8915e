import { type TSchema, type TStringOptions, Type } from 'typebox'
import { TOPICS } from '../../explanations/all.ts'
import { OAuthError } from '../../oauth/error.ts'
import { reasons } from '../../oauth/reasons.ts'
import { Problem } from '../problem.ts'
import { createWording } from '../wording.ts'
import {
  type DescribedCode,
  type DescribedReason,
  PROBLEM_EXAMPLES,
  REASON_EXAMPLES,
} from './error-examples.ts'
import { header, headerAlways } from './header.ts'
import { LIMIT_OF, type LimitName, reachedLimitHeaders } from './limit-headers.ts'
import { reference } from './reference.ts'

/** A member that `ERROR_DETAIL=minimal` leaves out of the public app's errors. */
function detailed({ description, ...rest }: TStringOptions & { description: string }) {
  const said = `${description} Left out with \`ERROR_DETAIL=minimal\`, but not by the admin API.`
  return Type.Optional(Type.String({ description: said, ...rest }))
}

/** The error answer of the OAuth endpoints (RFC 6749 §5.2). */
export const OAuthErrorBody = Type.Object(
  {
    error: Type.String({
      enum: [...new Set(Object.values(reasons).map(([error]) => error))],
      description:
        'What a program should do. Only `invalid_grant` means that a refresh token is of no more use.',
    }),
    error_description: detailed({
      description: 'For the developer: what was wrong, what to do.',
      pattern: '^[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]+$',
    }),
    error_uri: detailed({
      description: 'A page about the reason: its cause, how to confirm it, what to do.',
      format: 'uri',
    }),
    reason: detailed({ enum: Object.keys(reasons), description: 'What exactly happened.' }),
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
    type: Type.String({
      description:
        'A page about the code: its cause, how to confirm it, what to do. `about:blank` with `ERROR_DETAIL=minimal`, but not of the admin API.',
      format: 'uri',
    }),
    title: Type.String(),
    status: Type.Integer(),
    detail: detailed({ description: 'What was wrong, and what to do.' }),
    code: detailed({
      enum: TOPICS.flatMap(({ explanations }) => Object.keys(explanations)),
      description: 'A stable code for programs.',
    }),
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
  const limit = codes.map((code) => LIMIT_OF[code]).find((name) => name !== undefined)
  const shape = {
    mediaType: 'application/json',
    schema: OAuthErrorBody,
    headers: headersOf(BASIC, limit),
  }
  return respond(codes, shape, (reason) =>
    WORDING.oauthBody(new OAuthError(reason, REASON_EXAMPLES[reason]), REQUEST_ID),
  )
}

/** The `response` entries of an account or public route whose problems have these codes. */
export function problems(...codes: DescribedCode[]) {
  return respond(codes, PROBLEM, (code) =>
    WORDING.problemBody(new Problem(statusOf(code), code, detailOf(code)), REQUEST_ID),
  )
}

const WORDING = createWording({ issuer: 'https://auth.example', errorDetail: 'full' })

const REQUEST_ID = '0199c0de-8f5a-7cc2-9a3b-3d2f4a5b6c7d'

/** One response for each status of the codes, with an example for each code. */
function respond<C extends DescribedCode>(
  codes: readonly C[],
  { mediaType, schema, headers }: Shape,
  toBody: (code: C) => object,
) {
  const responses: Record<number, object> = {}
  for (const [status, group] of Map.groupBy(new Set(codes), statusOf)) {
    const examples = Object.fromEntries(group.map((code) => [code, { value: toBody(code) }]))
    responses[status] = {
      description: MEANINGS[status],
      ...(headers[status] && { headers: headers[status] }),
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
  409: 'It does not go together with what there is.',
  413: 'The body is larger than 16 KiB.',
  414: 'The URL is longer than 8 KiB.',
  415: 'The body has another media type than those named here, or is compressed.',
  429: 'Too many requests. Try again after Retry-After seconds, and keep every token.',
  500: 'An error of ours; the log has it under the request_id.',
  503: 'Try again after Retry-After seconds. Nothing was decided: keep every token.',
}

const RETRY_AFTER = headerAlways('Seconds to wait before the next try.', '2')

/** The header fields of an error, by its status. */
type Headers = Partial<Record<DescribedStatus, Record<string, TSchema>>>

/** @param limit the one that the examples are of, where there is one */
function headersOf(challenge: TSchema, limit: LimitName | undefined): Headers {
  return {
    401: { 'WWW-Authenticate': challenge },
    415: {
      'Accept-Encoding': header('What a body may be encoded by, where that was wrong.', 'identity'),
    },
    ...(limit !== undefined && { 429: reachedLimitHeaders(limit) }),
    503: { 'Retry-After': RETRY_AFTER },
  }
}

const BASIC = header(
  'A challenge, where Basic was tried (RFC 6749 section 5.2).',
  'Basic realm="mintmark", charset="UTF-8"',
)
const BEARER = header(
  'A challenge, which says what is wrong with the token that came (RFC 6750 section 3).',
  'Bearer realm="mintmark"',
)

/** One of the two ways in which errors are told. */
interface Shape {
  readonly mediaType: string
  readonly schema: typeof OAuthErrorBody | typeof ProblemBody
  readonly headers: Headers
}

const PROBLEM: Shape = {
  mediaType: 'application/problem+json',
  schema: ProblemBody,
  headers: headersOf(BEARER, 'public'),
}
