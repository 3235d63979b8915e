import { VerifyError } from '../errors.ts'

/** Where a request may show a token. */
export interface Shown {
  /** The values of its Authorization headers, each by itself as far as the runtime tells. */
  readonly authorizations: readonly string[]
  /** Its URL, or the part from the path on. */
  readonly url: string
}

/**
 * The token of a request (RFC 6750 §2.1), not yet looked at. A token in the URL is none: it would be in
 * the logs of every proxy (§5.3).
 * @throws VerifyError `token_missing` when none is shown, another scheme included; `request_invalid` when
 *   there is more than one, of which a proxy may have looked at the other
 */
export function readBearer({ authorizations, url }: Shown): string {
  const isInUrl = new URLSearchParams(url.split('?')[1] ?? '').has('access_token')
  // A runtime may have joined two headers to one; no token has a comma in it.
  const several = authorizations.length > 1 || authorizations[0]?.includes(',') === true
  if (several && authorizations.some((value) => AMONG_OTHERS.test(value))) {
    throw new VerifyError({
      code: 'request_invalid',
      expected: 'one Authorization header',
      actual: 'several',
    })
  }
  const token = BEARER.exec(authorizations[0] ?? '')?.[1]?.trim()
  if (token === undefined || token === '') {
    throw new VerifyError({
      code: 'token_missing',
      expected: 'the header Authorization: Bearer <token>',
      actual: isInUrl ? 'a token in the URL' : 'none',
      hint: isInUrl ? 'send it in the header; URLs end up in logs' : 'send an access token',
    })
  }
  if (isInUrl) {
    throw new VerifyError({
      code: 'request_invalid',
      expected: 'one token, in the Authorization header',
      actual: 'one in the header and one in the URL',
    })
  }
  return token
}

/** RFC 9110 §11.1: the scheme is case-insensitive. */
const BEARER = /^ *bearer(?: +(.*))?$/i
const AMONG_OTHERS = /(?:^|,) *bearer\b/i
