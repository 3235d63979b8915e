import { type Explanation, rfc } from './explanation.ts'

const DESCRIBED = 'Compare the request with the example of the route in `/docs` or `/openapi.json`.'

/** What is wrong with what was sent. */
export const BODIES = {
  credentials_in_query: {
    title: 'A secret was sent in the URL',
    cause:
      'A token, password or client secret stands in the query. URLs end up in logs, histories and `Referer` headers, so the request was refused without looking at the value (RFC 6749 section 2.3.1).',
    confirm: ['Look at the URL of the request; the `error_description` names the parameter.'],
    remedy: {
      app: 'Send it in the body. Whatever stood in the URL should count as leaked: log out, and log in again.',
      service: 'Send it in the body, and rotate a client secret that was in a URL.',
    },
    related: ['parameter_missing'],
    see: [rfc(6749, '2.3.1')],
  },
  body_malformed: {
    title: 'The body cannot be read',
    cause:
      'It is not JSON or not a form, whichever its `Content-Type` says; it is not UTF-8; it broke off; it nests deeper than 16 levels, has a number that cannot be read exactly, or more than 100 fields. The `error_description` says which.',
    confirm: [
      'Look at the bytes and the `Content-Type` as they were sent: often JSON goes out under the type of a form, or the other way round.',
      'In a form each value is percent-encoded: a `%` is `%25`, a `+` is `%2B`.',
    ],
    remedy: {
      app: 'Let a library write it: `new URLSearchParams({ … })` for a form, `JSON.stringify` for JSON. No token was used up.',
    },
    related: ['content_type_unsupported', 'parameter_invalid'],
    see: [rfc(8259, '8.1')],
  },
  body_too_large: {
    title: 'The body is larger than 16 KiB',
    cause: 'No request of this service needs as much.',
    confirm: ['Look at the `Content-Length` of the request.'],
    remedy: {
      app: 'Send the parameters of the route and nothing else.',
      service: 'Put less into `claims` at `POST /sessions`; a token has room for 4 KiB anyway.',
    },
    related: ['access_token_too_large', 'headers_too_large'],
  },
  content_type_unsupported: {
    title: 'The body has another media type than the route reads',
    cause:
      'The OAuth endpoints read `application/x-www-form-urlencoded` and `application/json`, the others JSON, all in UTF-8. The `Content-Type` is missing, another, names another charset, or was sent twice.',
    confirm: [
      'Look at `Content-Type` as it was sent. `fetch` with a string as its body says `text/plain` unless told otherwise; with `FormData` it says `multipart/form-data`.',
    ],
    remedy: {
      app: 'Give `fetch` a `URLSearchParams` as its body, or set `Content-Type: application/json`.',
    },
    related: ['body_malformed', 'content_encoding_unsupported'],
    see: [rfc(9110, '15.5.16')],
  },
  content_encoding_unsupported: {
    title: 'The body is compressed',
    cause: 'Bodies are read as they stand; `Content-Encoding` other than `identity` is refused.',
    confirm: ['Look at `Content-Encoding` of the request; some proxies compress on the way.'],
    remedy: { app: 'Send the body without compression; it is small.' },
    related: ['transfer_encoding_unsupported', 'content_type_unsupported'],
    see: [rfc(9110, '15.5.16')],
  },
  parameter_missing: {
    title: 'A parameter is missing',
    cause:
      'The route cannot do without the parameter that the `error_description` names; an empty value counts as none (RFC 6749 section 3.1).',
    confirm: [
      DESCRIBED,
      'If it was sent, the body may not have been read: parameters in the URL do not count.',
    ],
    remedy: { app: 'Send it in the body. No token was used up.' },
    related: ['content_type_unsupported', 'credentials_in_query'],
    see: [rfc(6749, '3.2')],
  },
  parameter_repeated: {
    title: 'A parameter came more than once',
    cause:
      'Every parameter has one value (RFC 6749 section 3.2), `resource` aside; a JSON member must not appear twice either. Two readers of such a request may see two different ones.',
    confirm: ['Look at the body as it was sent; the `error_description` names the parameter.'],
    remedy: {
      app: 'Send it once. With `URLSearchParams`, use `set` and not `append`. No token was used up.',
    },
    related: ['parameter_invalid', 'client_authentication_ambiguous'],
    see: [rfc(6749, '3.2'), rfc(8707, '2')],
  },
  parameter_invalid: {
    title: 'A parameter has a value that cannot be used',
    cause:
      'The value is of the wrong type, too long, not allowed to be there, or holds characters that cannot be stored. The `error_description` names it and says what is wrong.',
    confirm: [DESCRIBED],
    remedy: {
      app: 'Send JSON members of the OAuth endpoints as strings, numbers included. No token was used up.',
      service:
        'At `POST /sessions`, `client_id` is the frontend’s, not your own, and `auth_time` is in seconds since 1970.',
    },
    related: ['parameter_repeated', 'body_malformed'],
  },
} satisfies Record<string, Explanation>
