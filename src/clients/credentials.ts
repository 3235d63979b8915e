import { parseAuthorization } from '../oauth/authorization-header.ts'
import { OAuthError } from '../oauth/error.ts'
import type { AuthenticationMethod } from '../oauth/grant-types.ts'
import type { Parameters } from '../oauth/parameters.ts'

/** Who a request says it comes from, and the one way in which it says so. */
export interface PresentedCredentials {
  readonly method: AuthenticationMethod
  readonly clientId: string
  /** Undefined when nothing but the client_id was sent. */
  readonly secret: string | undefined
}

/**
 * Answers a failed authentication. A challenge goes out only where Basic was tried (RFC 6749 §5.2):
 * at the sight of one a browser opens its password dialog over the frontend that forgot its client_id.
 */
export function authenticationFailed(triedBasic: boolean): OAuthError {
  return new OAuthError(
    'client_authentication_failed',
    'client authentication failed: the client is unknown, or its secret or method is wrong',
    triedBasic ? CHALLENGE : {},
  )
}

const CHALLENGE = { 'www-authenticate': 'Basic realm="mintmark", charset="UTF-8"' }

/**
 * Finds the credentials of a request (RFC 6749 §2.3.1): an Authorization header, or `client_id` and
 * `client_secret` in the body, and never both. Throws `client_authentication_missing`,
 * `client_authentication_failed` for a header that cannot be read, `client_authentication_ambiguous`.
 */
export function readCredentials(
  authorizationHeader: string | undefined,
  parameters: Parameters,
): PresentedCredentials {
  const authorization = parseAuthorization(authorizationHeader)
  const clientId = parameters.get('client_id')
  const secret = parameters.get('client_secret')
  if (parameters.get('client_assertion') !== undefined) {
    throw refuseAssertion(authorization.scheme !== 'none' || secret !== undefined)
  }
  if (authorization.scheme === 'none') {
    if (clientId === undefined) {
      throw new OAuthError(
        'client_authentication_missing',
        'no client authentication: send Authorization: Basic, or client_id with client_secret, or client_id alone for a public client',
      )
    }
    const method = secret === undefined ? 'none' : 'client_secret_post'
    return { method, clientId, secret }
  }
  if (authorization.scheme !== 'basic') throw authenticationFailed(true)
  if (secret !== undefined) {
    throw new OAuthError(
      'client_authentication_ambiguous',
      'use one authentication method, not both the Authorization header and client_secret (RFC 6749 section 2.3)',
    )
  }
  if (clientId !== undefined && clientId !== authorization.clientId) {
    throw new OAuthError(
      'client_authentication_ambiguous',
      'client_id in the body is another one than in the Authorization header',
    )
  }
  return {
    method: 'client_secret_basic',
    clientId: authorization.clientId,
    secret: authorization.secret,
  }
}

/** Left unread, an assertion would look like one that was verified (RFC 7521 §4.2). */
function refuseAssertion(isSecond: boolean): OAuthError {
  return isSecond
    ? new OAuthError(
        'client_authentication_ambiguous',
        'use one authentication method, not a client_assertion beside another (RFC 6749 section 2.3)',
      )
    : new OAuthError(
        'client_authentication_failed',
        'client_assertion is not supported: authenticate with a client_secret',
      )
}
