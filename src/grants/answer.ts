import type { Clock } from '../base/clock.ts'
import type { IssueAccessToken } from '../tokens/issue.ts'
import type { GrantAnswer, RefreshOutcome } from './grant.ts'

/** The tokens a request gets (RFC 6749 §5.1). Lengths in seconds. */
export interface TokenAnswer {
  readonly accessToken: string
  readonly expiresInSeconds: number
  readonly scope: readonly string[]
  /** Absent for a client that is not registered for the refresh_token grant. */
  readonly refreshToken: string | undefined
  /** Until the session ends if it is not refreshed. */
  readonly refreshExpiresInSeconds: number | undefined
  /** Until the session ends in any case. */
  readonly sessionExpiresInSeconds: number | undefined
  readonly sid: string | undefined
  readonly refreshOutcome: RefreshOutcome | undefined
}

/** Turns the facts of a grant into tokens, at the one mint. Fails as that does. */
export type AnswerWithTokens = (answer: GrantAnswer) => Promise<TokenAnswer>

export function createAnswerWithTokens(options: {
  clock: Clock
  issueAccessToken: IssueAccessToken
}): AnswerWithTokens {
  return async ({ subject, refreshToken, refreshOutcome }) => {
    const { session, client } = subject
    const { accessToken, expiresInSeconds } = await options.issueAccessToken(subject)
    const now = options.clock.now()
    const secondsTo = (at: number | undefined) =>
      at === undefined ? undefined : Math.max(0, Math.floor((at - now) / 1000))
    const refreshable = client.grantTypes.includes('refresh_token') && refreshToken !== undefined
    return {
      accessToken,
      expiresInSeconds,
      scope: subject.scope,
      refreshToken: refreshable ? refreshToken : undefined,
      refreshExpiresInSeconds: refreshable ? secondsTo(session?.idleExpiresAt) : undefined,
      sessionExpiresInSeconds: secondsTo(session?.expiresAt),
      sid: session?.sid,
      refreshOutcome,
    }
  }
}
