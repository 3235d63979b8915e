import { Type } from 'typebox'
import { header } from './header.ts'
import { REFRESH_TOKEN } from './samples.ts'

/** RFC 8707 §2: repeated in a form, a list in JSON. */
export const resource = Type.Optional(
  Type.Union([Type.String(), Type.Array(Type.String())], {
    description: 'The audience of the token (RFC 8707); in a form it may be repeated.',
  }),
)

/** The request header that the pages of a client with cookies send. */
const csrf = {
  'X-CSRF': Type.Optional(
    Type.String({
      description: '`1`, from the pages of a client that keeps its token in a cookie.',
    }),
  ),
}
export const pageRequestHeaders = Type.Object(csrf)

/** With it, the request header by which a refresh proves that it is a retry. */
export const refreshRequestHeaders = Type.Object({
  ...csrf,
  'Idempotency-Key': Type.Optional(
    Type.String({
      description:
        'For a refresh: drawn once (a UUID, say), stored before the request and sent again with its retries. 1 to 255 printable ASCII characters without spaces.',
    }),
  ),
})

/** The refresh outcome, in the answer of a refresh. */
export const refreshHeaders = {
  'Refresh-Outcome': Type.String({
    enum: ['rotated', 'retried', 'recovered'],
    description: 'What a refresh did: made a successor, or handed it out again.',
    examples: ['rotated'],
  }),
}

/** The cookie of a client that keeps its refresh token in one, set or cleared. */
export const cookieHeaders = {
  'Set-Cookie': header(
    'For a client that keeps its refresh token in a cookie: that, until the session ends.',
    `__Host-mintmark-refresh-web=${REFRESH_TOKEN}; Max-Age=7776000; Path=/; HttpOnly; Secure; SameSite=Strict`,
  ),
}
