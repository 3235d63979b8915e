import type { Origin } from '../audit/event.ts'
import type { AuthenticateClient } from '../clients/authenticate.ts'
import { type Client, requireGrant } from '../clients/client.ts'
import { readCredentials } from '../clients/credentials.ts'
import { type Page, requireOwnPage } from '../clients/own-page.ts'
import { OAuthError, quotable } from '../oauth/error.ts'
import type { RefreshTokenPlace } from '../oauth/grant-types.ts'
import type { Parameters } from '../oauth/parameters.ts'
import type { AnswerWithTokens, TokenAnswer } from './answer.ts'
import type { Grant } from './grant.ts'
import type { RequestLimits } from './limits.ts'

/** A token request as the door has read it. */
export interface TokenRequest {
  readonly authorizationHeader: string | undefined
  readonly parameters: Parameters
  /** The Idempotency-Key header, unread. */
  readonly idempotencyKey: string | undefined
  /** Where the refresh token came in, if there is one. */
  readonly refreshTokenIn: RefreshTokenPlace
  readonly page: Page
  readonly origin: Origin
  readonly limits: RequestLimits
}

/**
 * The desk of the token endpoint (RFC 6749 §3.2): the steps that every grant shares, so that none
 * can forget one. Throws OAuthError, DatabaseUnavailable.
 * @param grantType what `grant_type` says, or what the route stands for
 */
export type TokenEndpoint = (
  grantType: string,
  request: TokenRequest,
) => Promise<TokenAnswer & { client: Client }>

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

export function createTokenEndpoint(options: {
  grants: readonly Grant[]
  authenticateClient: AuthenticateClient
  answerWithTokens: AnswerWithTokens
  issuer: string
}): TokenEndpoint {
  const grants = new Map<string, Grant>(options.grants.map((grant) => [grant.type, grant]))
  const known = [...grants.keys()].join(', ')
  return async (grantType, request) => {
    const { authorizationHeader, parameters, idempotencyKey, limits } = request
    const grant = grants.get(grantType)
    if (grant === undefined) {
      throw new OAuthError(
        'grant_type_unsupported',
        `grant_type ${quotable(grantType)} is not supported; supported: ${known}`,
      )
    }
    if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
      throw new OAuthError(
        'idempotency_key_invalid',
        'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces, such as a UUID',
      )
    }
    const credentials = readCredentials(authorizationHeader, parameters)
    // Whoever shows a secret is told first whether it is the right one.
    const begun = credentials.secret === undefined ? grant.begin(parameters) : undefined
    const gate = limits.client(credentials.clientId)
    const client = await options.authenticateClient(credentials, gate, request.origin)
    // A foreign page must not even log somebody in (RFC 9700 section 4.7): the cookie would be set.
    if (client.refreshTokenIn === 'cookie') requireOwnPage(client, request.page, options.issuer)
    requireGrant(client, grant.type)
    const authorize = begun ?? grant.begin(parameters)
    const answer = await authorize({ ...request, client })
    return { ...(await options.answerWithTokens(answer)), client }
  }
}
