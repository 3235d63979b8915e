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
 * A grant type (RFC 6749 §1.3). The desk has found it by `type` and checked the client; the grant
 * reads its own parameters, narrows scope and audience, and answers with facts. Refusals are thrown
 * as OAuthError; outages as DatabaseUnavailable.
 */
export interface Grant {
  readonly type: GrantType
  /**
   * Refuses, before the client is looked up, what can be refused without a question to the database:
   * nobody who holds nothing can make us ask one.
   */
  screen?(parameters: Parameters): void
  authorize(request: GrantRequest): Promise<GrantAnswer>
}
