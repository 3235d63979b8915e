import type { Algorithm } from '../jwt/algorithms.ts'
import type { AccessTokenType } from '../oauth/access-token-type.ts'
import { OAuthError, quotable } from '../oauth/error.ts'
import type { AuthenticationMethod, GrantType, RefreshTokenPlace } from '../oauth/grant-types.ts'
import { formatScope, parseScope } from '../oauth/scope.ts'
import type { CutOff } from '../revocations/cut-off.ts'

/** What a client asks for or calls, and how its tokens must be; undefined where it does not matter. */
export interface Audience {
  readonly audience: string
  readonly signingAlg: Algorithm | undefined
  readonly typ: AccessTokenType | undefined
}

/** A registered client (RFC 6749 §2). */
export interface Client {
  readonly clientId: string
  readonly name: string
  readonly authenticationMethod: AuthenticationMethod
  readonly grantTypes: readonly GrantType[]
  /** The scopes it may ask for; all of them when it names none. */
  readonly scope: readonly string[]
  /** The audiences its tokens may be for; all of them when it names none. */
  readonly audience: readonly Audience[]
  /** The audiences it is the resource server of, whose tokens it may introspect. */
  readonly introspects: readonly string[]
  /** The origins (RFC 6454) of the pages that may call this service from a browser. */
  readonly allowedOrigins: readonly string[]
  readonly refreshTokenIn: RefreshTokenPlace
  /** Signs all its tokens; undefined leaves the choice to the audience. */
  readonly signingAlg: Algorithm | undefined
  /** In the tokens it gets for itself; those of a user carry the user's. */
  readonly roles: readonly string[]
  /** Custom claims in all its tokens. */
  readonly claims: Readonly<Record<string, unknown>>
  /** Lengths in seconds; undefined means the configuration's. */
  readonly lifetimes: Lifetimes
  /** How patient a refresh of its sessions is; undefined means the configuration's. */
  readonly refresh: RefreshSettings
  /** So many sessions a user may have here; undefined means the configuration's. */
  readonly maxSessions: number | undefined
  readonly createdAt: number
  /** Since when it may do nothing. */
  readonly disabledAt: number | undefined
  /** Which of its sessions and tokens have ended all together. */
  readonly cutOff: CutOff | undefined
}

export interface RefreshSettings {
  readonly retryWindowSeconds: number | undefined
  readonly recoveryWindowSeconds: number | undefined
  readonly recovery: 'allow' | 'deny' | undefined
}

export interface Lifetimes {
  readonly accessTokenTtlSeconds: number | undefined
  readonly sessionIdleTtlSeconds: number | undefined
  readonly sessionMaxTtlSeconds: number | undefined
}

/** A public client keeps no secret (RFC 6749 §2.1). */
export function isPublic(client: Client): boolean {
  return client.authenticationMethod === 'none'
}

/** Throws `grant_not_allowed` unless the client is registered for the grant type. */
export function requireGrant(client: Client, grantType: GrantType): void {
  if (client.grantTypes.includes(grantType)) return
  throw new OAuthError(
    'grant_not_allowed',
    `client ${quotable(client.clientId)} is not registered for grant_type ${grantType}`,
  )
}

/**
 * Which of `allowed` a request gets: all when it names none, else exactly what it names
 * (RFC 6749 §3.3). Throws `scope_not_allowed`, naming what is too much.
 */
export function narrowScope(allowed: readonly string[], requested: string | undefined): string[] {
  if (requested === undefined) return [...allowed]
  const scope = parseScope(requested)
  const excess = scope.filter((value) => !allowed.includes(value))
  if (excess.length > 0) {
    throw new OAuthError(
      'scope_not_allowed',
      `scope ${quotable(formatScope(excess))} is not allowed here; allowed: ${quotable(formatScope(allowed))}`,
    )
  }
  return scope
}

/**
 * Which of `allowed` the tokens are for: all when the request names no `resource`, else exactly
 * those it names (RFC 8707 §2). Throws `resource_not_allowed`.
 */
export function narrowAudience(allowed: readonly string[], resources: readonly string[]): string[] {
  const excess = resources.find((resource) => !allowed.includes(resource))
  if (excess !== undefined) {
    throw new OAuthError(
      'resource_not_allowed',
      `resource ${quotable(excess)} is not an audience of this client; allowed: ${quotable(allowed.join(' '))}`,
    )
  }
  return resources.length === 0 ? [...allowed] : allowed.filter((one) => resources.includes(one))
}
