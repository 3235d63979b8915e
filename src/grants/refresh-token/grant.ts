import type { EndReason } from '../../audit/event.ts'
import { sha256 } from '../../base/hash.ts'
import type { Client } from '../../clients/client.ts'
import { OAuthError, quotable } from '../../oauth/error.ts'
import type { Reason } from '../../oauth/reasons.ts'
import { formatScope, parseScope } from '../../oauth/scope.ts'
import type { RefreshToken, RefreshTokens } from '../../sessions/refresh-token.ts'
import type { RotateRefreshToken } from '../../sessions/rotate.ts'
import type { Rotation } from '../../sessions/rotations/request.ts'
import type { Session } from '../../sessions/session.ts'
import type { Grant, GrantAnswer, GrantRequest, RefreshOutcome } from '../grant.ts'
import {
  type RefreshSettings,
  rotationPolicy,
  type SessionLifetimes,
  sessionLifetimes,
} from '../lifetimes.ts'

/**
 * Refreshing (RFC 6749 §6). Scope and `resource` may be narrowed for the new access token; the
 * session keeps what was granted, so the next refresh may ask for all of it again.
 */
export function createRefreshTokenGrant(options: {
  refreshTokens: RefreshTokens
  rotateRefreshToken: RotateRefreshToken
  lifetimes: SessionLifetimes & RefreshSettings
}): Grant {
  return {
    type: 'refresh_token',
    begin(parameters) {
      const token = options.refreshTokens.parse(parameters.require('refresh_token'))
      if (token === undefined) throw unknownToken()
      return (request) => refresh(token, request)
    },
  }

  async function refresh(token: RefreshToken, request: GrantRequest): Promise<GrantAnswer> {
    const { client, parameters, idempotencyKey, refreshTokenIn, origin, limits } = request
    if (refreshTokenIn !== client.refreshTokenIn) throw inWrongPlace(client)
    const scope = parseScope(parameters.get('scope') ?? '')
    const { resources } = parameters
    const gate = limits.refresh(token.handleHash)
    // A full bucket keeps back a rotation and nothing else: retries are free, and reuse is found.
    const refusal: unknown = await gate.pass().then(
      () => undefined,
      (error) => error,
    )
    const rotation = await options.rotateRefreshToken({
      token,
      clientId: client.clientId,
      cutOff: client.cutOff,
      policy: rotationPolicy(client, options.lifetimes),
      attemptHash: idempotencyKey === undefined ? undefined : sha256(idempotencyKey),
      isShared: refreshTokenIn === 'cookie',
      mayRotate: refusal === undefined,
      scope,
      resources,
      idleTtlSeconds: sessionLifetimes(client, options.lifetimes).idleTtlSeconds,
      origin,
    })
    if (rotation.outcome === 'current') throw refusal
    if (rotation.outcome === 'rotated' || rotation.outcome === 'ahead') await gate.count()
    return answer(rotation, client, scope, resources)
  }
}

/** A token that no script was given is used by one: it was stolen from the cookie, or never ours. */
function inWrongPlace({ clientId, refreshTokenIn }: Client): OAuthError {
  const name = quotable(clientId)
  return refreshTokenIn === 'cookie'
    ? new OAuthError(
        'cookie_required',
        `the refresh token of client ${name} comes in its cookie alone: call POST /refresh without one`,
      )
    : new OAuthError('cookie_outdated', `client ${name} has no cookies: send refresh_token`)
}

function answer(
  rotation: Exclude<Rotation, { outcome: 'current' }>,
  client: Client,
  scope: readonly string[],
  resources: readonly string[],
): GrantAnswer {
  const grant = (refreshOutcome: RefreshOutcome, session: Session, refreshToken: string) => ({
    subject: {
      client,
      session,
      scope: scope.length === 0 ? session.scope : scope,
      audience:
        resources.length === 0
          ? session.audience
          : session.audience.filter((audience) => resources.includes(audience)),
    },
    refreshToken,
    refreshOutcome,
  })
  switch (rotation.outcome) {
    case 'rotated':
    case 'retried':
    case 'recovered':
      return grant(rotation.outcome, rotation.session, rotation.refreshToken)
    case 'ahead':
      // To the caller it is the recovery of a chain that the database had lost the end of.
      return grant('recovered', rotation.session, rotation.refreshToken)
    case 'unknown':
      throw unknownToken()
    case 'wrong_client':
      throw new OAuthError('client_mismatch', 'the refresh token belongs to another client')
    case 'exceeds_grant':
      throw exceedsGrant(rotation.scope, rotation.resources)
    case 'reused':
      throw new OAuthError(
        'refresh_reused',
        'the refresh token was used before; the session was ended because somebody else may hold it',
      )
    case 'mismatched':
      throw new OAuthError(
        'retry_mismatch',
        'the refresh token was just used by a request for another scope or resource; repeat that request, or read your storage again: the session lives',
      )
    case 'stale':
      throw new OAuthError(
        'refresh_stale',
        'a newer refresh token of this session is in use; read your storage again, the session lives',
      )
    case 'expired':
      throw rotation.end === 'max'
        ? new OAuthError(
            'session_max_age',
            'the session has reached its greatest age; log in again',
          )
        : new OAuthError(
            'session_idle_timeout',
            'the session was unused for too long; log in again',
          )
    case 'ended': {
      const [reason, description] = ENDED[rotation.reason]
      throw new OAuthError(reason, description)
    }
  }
}

function unknownToken(): OAuthError {
  return new OAuthError('refresh_unknown', 'this is no refresh token of this service')
}

/** Of a request that exceeds both, the scope is told first: one thing at a time. */
function exceedsGrant(scope: string[], resources: string[]): OAuthError {
  return scope.length > 0
    ? new OAuthError(
        'scope_not_allowed',
        `the session was not granted scope ${quotable(formatScope(scope))}; a refresh may ask for less, never for more`,
      )
    : new OAuthError(
        'resource_not_allowed',
        `the session was not granted resource ${quotable(resources.join(' '))}; a refresh may ask for less, never for more`,
      )
}

/** What a session's end is called on the wire, and to the reader. */
const ENDED: Record<EndReason, readonly [Reason, string]> = {
  logged_out: ['session_revoked', 'the session was ended: logged out'],
  token_revoked: ['session_revoked', 'the session was ended: one of its tokens was revoked'],
  ended_by_user: ['session_revoked', 'the session was ended by the user on another device'],
  ended_by_operator: ['session_revoked', 'the session was ended by an operator'],
  refresh_reused: ['refresh_reused', 'the session was ended: a used refresh token was used again'],
  user_disabled: ['user_disabled', 'the session was ended: the user was disabled'],
  password_changed: ['password_changed', 'the session was ended: the password was changed'],
  cut_off: ['session_revoked', 'the session was ended: all sessions before a given time were'],
  session_limit: [
    'session_limit',
    'the session was ended: the user started more sessions here than are allowed at once',
  ],
  client_disabled: ['client_disabled', 'the session was ended: its client was disabled'],
  client_deleted: ['client_deleted', 'the session was ended: its client was deleted'],
}
