import { type Explanation, rfc } from './explanation.ts'

/** What is asked for where there is nothing, or nothing of that kind. */
export const PATHS = {
  not_found: {
    title: 'There is nothing at this path',
    status: 404,
    cause:
      'No route has this path. Paths are compared exactly: case counts, and so does a slash at the end. Where one is like it, `detail` and `hint` name it.',
    confirm: ['`GET /` lists the addresses of all there is, `GET /openapi.json` describes them.'],
    remedy: {
      app: 'Take the addresses from `GET /.well-known/oauth-authorization-server`.',
      operator:
        'If `ISSUER` has a path, the proxy must take it away before it passes the request on. `/docs` is there only while `DOCS` is on.',
    },
    related: ['method_not_allowed', 'session_unknown'],
  },
  method_not_allowed: {
    title: 'The path does not take this method',
    cause:
      'There is something at this path, but not for this method; the header `Allow` has those that it takes. `CONNECT` is taken nowhere: this is no proxy.',
    confirm: [
      'Look at the method that arrived: a redirect from http to https turns a POST into a GET.',
    ],
    remedy: {
      app: 'Use a method of `Allow`. The OAuth endpoints take `POST` alone, so that no token stands in a URL.',
    },
    related: ['not_found', 'method_unknown'],
    see: [rfc(9110, '15.5.6')],
  },
  reason_unknown: {
    title: 'No error has this name',
    status: 404,
    cause:
      'This version answers with no such reason or code. The address may come from another version, or be mistyped.',
    confirm: ['`GET /errors` lists all of them, and `mintmark explain reason` does so offline.'],
    remedy: { app: 'Follow `error_uri`, or `type` of a problem, as it is in the answer.' },
    related: ['not_found'],
  },
  key_unknown: {
    title: 'No key of this kid is published',
    status: 404,
    cause:
      'A PEM was asked for by a `kid` that the JWK set has not: the key has retired, since all tokens that it signed have expired, or it was revoked, or no key of this service ever had that `kid`.',
    confirm: [
      'Compare the `kid` with those of `GET /.well-known/jwks.json`: only what stands there can be had.',
      'As an operator: `mintmark keys status` has the keys of the past, too.',
    ],
    remedy: {
      service:
        'Read the JWK set again and fetch what it names. Take away a key that is not there any more: no good token was signed by it.',
    },
    related: ['token_invalid', 'not_found'],
    see: [rfc(7468, '13')],
  },
  precondition_failed: {
    title: 'The file is another than was asked for',
    status: 412,
    cause:
      'A file of the documentation was asked for under a condition (`If-Match`, `If-Unmodified-Since`) that it does not meet.',
    confirm: ['Compare the header with `ETag` and `Last-Modified` of a plain `GET`.'],
    remedy: { app: 'Ask without the condition.' },
    see: [rfc(9110, '15.5.13')],
  },
  range_not_satisfiable: {
    title: 'The file is shorter than the range that was asked for',
    status: 416,
    cause: 'A part of a file of the documentation was asked for (`Range`) that it does not have.',
    confirm: ['Compare `Range` with the length of the file, in `Content-Range` of the answer.'],
    remedy: { app: 'Ask without `Range`.' },
    see: [rfc(9110, '15.5.17')],
  },
} satisfies Record<string, Explanation>
