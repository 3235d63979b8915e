import type { Origin } from '../audit/event.ts'
import type { Clock } from '../base/clock.ts'
import type { AuthenticateClient } from '../clients/authenticate.ts'
import { type Client, narrowAudience, narrowScope } from '../clients/client.ts'
import { readCredentials } from '../clients/credentials.ts'
import { findClient } from '../clients/store.ts'
import type { Executor } from '../db/connect.ts'
import { claimsProblem } from '../oauth/claims.ts'
import { OAuthError } from '../oauth/error.ts'
import { collectParameters } from '../oauth/parameters.ts'
import { START_SCOPE } from '../oauth/scope.ts'
import type { Device } from '../sessions/session.ts'
import type { StartSession } from '../sessions/start.ts'
import { requireSessionWithinBudget } from '../tokens/budget.ts'
import type { AnswerWithTokens, TokenAnswer } from './answer.ts'
import { type SessionLifetimes, sessionLifetimes } from './lifetimes.ts'
import type { RequestLimits } from './limits.ts'

/** A session for a user whom a trusted backend has authenticated itself. */
export interface SessionRequest {
  readonly authorizationHeader: string | undefined
  readonly sub: string
  /** The frontend that the tokens are for. */
  readonly clientId: string
  /** Space-separated; all of the frontend's when undefined. */
  readonly scope: string | undefined
  /** All of the frontend's when empty. */
  readonly audience: readonly string[]
  readonly roles: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  readonly amr: readonly string[]
  readonly acr: string | undefined
  /** Seconds since the epoch; now when undefined. */
  readonly authTime: number | undefined
  readonly device: Device
  readonly origin: Origin
  readonly limits: RequestLimits
}

/** Starts a session on a backend's word. Throws OAuthError, DatabaseUnavailable. */
export type StartBackendSession = (
  request: SessionRequest,
) => Promise<TokenAnswer & { startedBy: string }>

/** How far the backend's clock may be ahead of ours. In seconds. */
const SKEW_SECONDS = 60

export function createStartBackendSession(options: {
  db: Executor
  clock: Clock
  authenticateClient: AuthenticateClient
  startSession: StartSession
  answerWithTokens: AnswerWithTokens
  issuer: string
  lifetimes: SessionLifetimes
}): StartBackendSession {
  const { db, clock, authenticateClient, startSession, answerWithTokens, lifetimes } = options

  const readFrontend = async (clientId: string): Promise<Client> => {
    const client = await findClient(db, clientId)
    if (client === undefined) throw invalid('client_id names no client of this service')
    return client
  }

  return async (request) => {
    const { authorizationHeader, origin, limits } = request
    // The body's client_id is the frontend's, so the backend can only be named in the header.
    const credentials = readCredentials(authorizationHeader, collectParameters([]))
    const gate = limits.client(credentials.clientId)
    const backend = await authenticateClient(credentials, gate, origin)
    if (!backend.scope.includes(START_SCOPE)) {
      throw new OAuthError(
        'client_not_allowed',
        `starting a session needs a client with scope ${START_SCOPE}`,
      )
    }
    const client = await readFrontend(request.clientId)
    if (client.refreshTokenIn === 'cookie') {
      throw invalid(
        'client_id names a client whose refresh token only its own login sets, as a cookie',
      )
    }
    const authTime = readAuthTime(request.authTime, clock.now())
    const problem = claimsProblem(request.claims)
    if (problem !== undefined) throw invalid(problem)
    const allowed = client.audience.map(({ audience }) => audience)
    const scope = narrowScope(client.scope, request.scope)
    const audience = narrowAudience(allowed, request.audience)
    const started = await startSession({
      ...request,
      clientId: client.clientId,
      scope,
      audience,
      authTime,
      ...sessionLifetimes(client, lifetimes),
      how: 'backend',
      startedBy: backend.clientId,
      passwordHash: undefined,
      origin,
      confirm: (session) =>
        requireSessionWithinBudget({ client, session, scope, audience }, options.issuer),
    })
    switch (started.outcome) {
      case 'started': {
        const { session, refreshToken } = started
        const subject = { client, session, scope, audience }
        const tokens = await answerWithTokens({ subject, refreshToken })
        return { ...tokens, startedBy: backend.clientId }
      }
      case 'user_disabled':
        throw new OAuthError('user_disabled', 'the user of this sub is disabled here')
      case 'sub_is_client':
        // A client's tokens for itself carry its client_id as sub (RFC 9068 section 2.2).
        throw invalid('sub must not be a client_id')
      case 'client_deleted':
      // Told of a start with a password alone, which this one is not.
      case 'password_changed':
        throw invalid('client_id names no client of this service')
    }
  }
}

function readAuthTime(seconds: number | undefined, now: number): number {
  if (seconds === undefined) return now
  if (seconds * 1000 > now + SKEW_SECONDS * 1000) {
    throw invalid('auth_time is in the future; it is in seconds since 1970')
  }
  return seconds * 1000
}

function invalid(description: string): OAuthError {
  return new OAuthError('parameter_invalid', description)
}
