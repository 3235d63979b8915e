import type { Origin } from '../audit/event.ts'
import type { Client } from '../clients/client.ts'
import type { GrantType, RefreshTokenPlace } from '../oauth/grant-types.ts'
import type { Parameters } from '../oauth/parameters.ts'
import type { Subject } from '../tokens/access-token.ts'
import type { RequestLimits } from './limits.ts'

/** A token request after the desk's shared steps: the client is who it says, and may use the grant. */
export interface GrantRequest {
  readonly client: Client
  readonly parameters: Parameters
  readonly idempotencyKey: string | undefined
  readonly refreshTokenIn: RefreshTokenPlace
  readonly origin: Origin
  readonly limits: RequestLimits
}

/** What a refresh did to the chain, told in the header `Refresh-Outcome`. */
export type RefreshOutcome = 'rotated' | 'retried' | 'recovered'

/** What a grant found out. It makes no access token: only the mint does. */
export interface GrantAnswer {
  readonly subject: Subject
  readonly refreshToken?: string | undefined
  readonly refreshOutcome?: RefreshOutcome
}

/**
 * Narrows scope and audience, and answers with facts. Refusals are thrown as OAuthError; outages as
 * DatabaseUnavailable.
 */
export type Authorize = (request: GrantRequest) => Promise<GrantAnswer>

/** A grant type (RFC 6749 §1.3). The desk finds it by `type` and authenticates the client. */
export interface Grant {
  readonly type: GrantType
  /**
   * Reads what can be read without a question to the database, and throws OAuthError where that is
   * enough to refuse: before the client is looked up, so that nobody who holds nothing makes us ask.
   */
  begin(parameters: Parameters): Authorize
}
