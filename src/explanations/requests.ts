import { type Explanation, rfc } from './explanation.ts'

const RAW = 'Look at the request as it leaves the last proxy; `curl -v` shows a good one.'

/** What is wrong before anybody has looked at what is asked for. */
export const REQUESTS = {
  http_malformed: {
    title: 'This is no HTTP/1.1 request',
    cause:
      'The bytes on the connection are no well-formed request of HTTP/1.0 or 1.1: another protocol (TLS or HTTP/2 on the plain port), or a broken client.',
    confirm: [RAW, 'The log has a line with `"route":"unread"` and the `address` it came from.'],
    remedy: {
      app: 'Call the address of the service with its own scheme: https at the proxy.',
      operator: 'The service itself speaks HTTP/1.1 without TLS: let the proxy do the rest.',
    },
    related: ['url_malformed', 'method_unknown'],
    see: [rfc(9112, '3')],
  },
  host_invalid: {
    title: 'The Host header is missing, doubled or no name',
    cause: 'HTTP/1.1 wants exactly one `Host` (RFC 9112 section 3.2), which names a host.',
    confirm: [RAW],
    remedy: {
      app: 'Let your HTTP library set `Host`.',
      operator: 'Let the proxy set `Host` and not add a second one.',
    },
    related: ['http_malformed'],
    see: [rfc(9112, '3.2')],
  },
  method_unknown: {
    title: 'No path here takes this method',
    cause: 'The method is none that HTTP clients use, or is mistyped.',
    confirm: ['Look at the first word of the request as it was sent; methods are in capitals.'],
    remedy: { app: 'Use `GET`, `POST` or `DELETE`, as `/openapi.json` says for the path.' },
    related: ['method_not_allowed'],
    see: [rfc(9110, '15.6.2')],
  },
  url_malformed: {
    title: 'The URL cannot be decoded',
    cause:
      'It has a `%` that two hexadecimal digits do not follow, bytes that are not UTF-8, a control character, or one that should have been percent-encoded.',
    confirm: ['Look at the URL as it was sent, before any library shows it decoded.'],
    remedy: {
      app: 'Build it with `URL` and `URLSearchParams`, or `encodeURIComponent` each part.',
    },
    related: ['uri_too_long', 'not_found'],
    see: [rfc(3986, '2.1')],
  },
  uri_too_long: {
    title: 'The URL is longer than 8 KiB',
    cause: 'No address of this service needs as much; what is long belongs into a body.',
    confirm: ['Look at the length of the URL: a redirect may have added to it over and over.'],
    remedy: { app: 'Send parameters in the body of a `POST`.' },
    related: ['headers_too_large', 'credentials_in_query'],
    see: [rfc(9110, '15.5.15')],
  },
  headers_too_large: {
    title: 'The headers are larger than 16 KiB',
    cause:
      'All header fields together have more than 16 KiB. Mostly these are cookies: those of other programs on the same name (on localhost, all ports share them).',
    confirm: ['Look at the size of the `Cookie` and `Authorization` headers in the browser.'],
    remedy: {
      app: 'Delete cookies that are not needed, and set your own with a narrow `Domain` and `Path`.',
      service: 'An access token of this service has at most 4 KiB: look for what else is sent.',
    },
    related: ['uri_too_long', 'access_token_too_large'],
    see: [rfc(6585, '5')],
  },
  request_timeout: {
    title: 'The request did not arrive in time',
    cause:
      'The headers took longer than 8 seconds, or the whole request longer than 10: a very bad network, or a client that opens connections and sends nothing.',
    confirm: [
      'The log has a line with status 408 and the `address`; many of one address are no accident.',
    ],
    remedy: {
      app: 'Try again, and keep every token. A refresh can be repeated with the same token.',
      operator: 'Let a proxy read requests whole before it passes them on.',
    },
    see: [rfc(9110, '15.5.9')],
  },
  not_acceptable: {
    title: 'The answer would be JSON, which Accept does not admit',
    cause: 'The route answers in JSON alone, and the `Accept` header names only other types.',
    confirm: ['Look at `Accept` as it was sent: a page opened in a browser asks for HTML.'],
    remedy: { app: 'Send `Accept: application/json`, or none. No token was used up.' },
    related: ['content_type_unsupported'],
    see: [rfc(9110, '12.5.1')],
  },
  transfer_encoding_unsupported: {
    title: 'The body comes in an unknown Transfer-Encoding',
    cause: 'No `Transfer-Encoding` but `chunked` is known here (RFC 9112 section 6.1).',
    confirm: [RAW],
    remedy: {
      app: 'Send the body with a `Content-Length`, as libraries do by themselves.',
      operator: 'Look for a proxy that compresses on the way.',
    },
    related: ['content_encoding_unsupported'],
    see: [rfc(9112, '6.1')],
  },
} satisfies Record<string, Explanation>
