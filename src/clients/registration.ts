import { isUuid } from '../base/encoding.ts'
import { type Algorithm, algorithmNames } from '../jwt/algorithms.ts'
import { adminScopes, areAdminScopes, reservedScopes } from '../oauth/admin-scopes.ts'
import { AUDIENCE_RULE, isAudience } from '../oauth/audience.ts'
import { claimsProblem } from '../oauth/claims.ts'
import {
  type AuthenticationMethod,
  authenticationMethods,
  type GrantType,
  grantTypes,
  type RefreshTokenPlace,
  refreshTokenPlaces,
} from '../oauth/grant-types.ts'
import { isOrigin, ORIGIN_RULE } from '../oauth/origin.ts'
import { areRoles, ROLES_RULE } from '../oauth/roles.ts'
import { SCOPE_TOKEN_PATTERN, START_SCOPE } from '../oauth/scope.ts'

/** What an operator says of a new client. Lists may be empty; lengths are in seconds. */
export interface Registration {
  clientId: string
  name: string
  authenticationMethod: AuthenticationMethod
  grantTypes: GrantType[]
  scope: string[]
  audience: string[]
  introspects: string[]
  allowedOrigins?: string[] | undefined
  /** `body` unless it says `cookie`. */
  refreshTokenIn?: RefreshTokenPlace | undefined
  signingAlg?: Algorithm | undefined
  roles: string[]
  claims: Record<string, unknown>
  accessTokenTtlSeconds?: number | undefined
  sessionIdleTtlSeconds?: number | undefined
  sessionMaxTtlSeconds?: number | undefined
  maxSessions?: number | undefined
  refreshRetryWindowSeconds?: number | undefined
  refreshRecoveryWindowSeconds?: number | undefined
  refreshRecovery?: 'allow' | 'deny' | undefined
}

/** A registration that cannot be, with every reason why. */
export class InvalidRegistration extends Error {
  override readonly name = 'InvalidRegistration'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('; '))
    this.problems = problems
  }
}

const CLIENT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
const SCOPE_TOKEN = new RegExp(SCOPE_TOKEN_PATTERN)

type Rule = readonly [holds: (r: Registration) => boolean, problem: string]

const among = (allowed: readonly string[], values: readonly string[]) =>
  values.every((value) => allowed.includes(value))

const rules: Rule[] = [
  [
    // A user's `sub` is a UUID: a client that had one for its id could pass for a user.
    (r) => CLIENT_ID.test(r.clientId) && !isUuid(r.clientId),
    'client_id must be 1 to 100 of A-Z a-z 0-9 . _ - beginning with a letter or digit, and no UUID',
  ],
  [
    (r) => r.name.length <= 200 && !/\p{C}/u.test(r.name),
    'name must have at most 200 characters and no control characters',
  ],
  [
    (r) => among(authenticationMethods, [r.authenticationMethod]),
    `token_endpoint_auth_method must be one of ${authenticationMethods.join(', ')}`,
  ],
  [(r) => among(grantTypes, r.grantTypes), `grant_types must be among ${grantTypes.join(', ')}`],
  [
    (r) => r.authenticationMethod !== 'none' || !r.grantTypes.includes('client_credentials'),
    'a public client (none) cannot have the client_credentials grant (RFC 6749 section 4.4)',
  ],
  [
    (r) => r.authenticationMethod !== 'none' || r.introspects.length === 0,
    'a public client (none) cannot introspect: introspection needs client authentication (RFC 7662 section 2.1)',
  ],
  [
    (r) => !r.scope.includes(START_SCOPE) || r.authenticationMethod === 'client_secret_basic',
    `a client with scope ${START_SCOPE} must use client_secret_basic: in POST /sessions the body's client_id is the frontend's`,
  ],
  [
    (r) => areAdminScopes(reservedScopes(r.scope)),
    `of the scopes that begin with mintmark: there are ${adminScopes.join(', ')}`,
  ],
  [
    (r) => reservedScopes(r.scope).length === 0 || speaksForItselfAlone(r),
    'the scopes that begin with mintmark: are for confidential clients whose only grant is client_credentials: no user may get them',
  ],
  [
    (r) => r.scope.length <= 100 && r.scope.every((value) => SCOPE_TOKEN.test(value)),
    'scope must be at most 100 values of printable ASCII without space, quote and backslash',
  ],
  [
    (r) => r.audience.length >= 1 && r.audience.length <= 20,
    'audience must name 1 to 20 resource servers',
  ],
  [(r) => [...r.audience, ...r.introspects].every(isAudience), AUDIENCE_RULE],
  [
    (r) => (r.allowedOrigins ?? []).length <= 50 && (r.allowedOrigins ?? []).every(isOrigin),
    `allowed_origins must be at most 50, and ${ORIGIN_RULE}`,
  ],
  [
    (r) => r.refreshTokenIn === undefined || among(refreshTokenPlaces, [r.refreshTokenIn]),
    `refresh_token_in must be one of ${refreshTokenPlaces.join(', ')}`,
  ],
  [
    (r) => r.refreshTokenIn !== 'cookie' || r.authenticationMethod === 'none',
    'cookies are for public clients (none): the browser that holds the cookie can keep no secret',
  ],
  [
    (r) => r.refreshTokenIn !== 'cookie' || r.grantTypes.includes('refresh_token'),
    'a client with cookies needs the refresh_token grant: the cookie holds the refresh token',
  ],
  [(r) => areRoles(r.roles), ROLES_RULE],
  [
    (r) => r.signingAlg === undefined || among(algorithmNames, [r.signingAlg]),
    `signing_alg must be one of ${algorithmNames.join(', ')}`,
  ],
  [
    (r) => lengths(r).every((seconds) => seconds >= 1 && seconds <= 10 * 365 * 86_400),
    'a lifetime must be between 1s and 3650d',
  ],
  [
    (r) => isInOrder(r.accessTokenTtlSeconds, r.sessionIdleTtlSeconds),
    'access_token_ttl must not be longer than session_idle_ttl',
  ],
  [
    (r) => isInOrder(r.sessionIdleTtlSeconds, r.sessionMaxTtlSeconds),
    'session_idle_ttl must not be longer than session_max_ttl',
  ],
  [
    // Of all three, the two before say it.
    (r) =>
      r.sessionIdleTtlSeconds !== undefined ||
      isInOrder(r.accessTokenTtlSeconds, r.sessionMaxTtlSeconds),
    'access_token_ttl must not be longer than session_max_ttl',
  ],
  [
    (r) => isWithin(r.refreshRetryWindowSeconds, 3600),
    'the refresh retry window must be between 0s and 1h',
  ],
  [
    (r) => isWithin(r.refreshRecoveryWindowSeconds, 30 * 86_400),
    'the refresh recovery window must be between 0s and 30d',
  ],
  [
    (r) => isInOrder(r.refreshRetryWindowSeconds, r.refreshRecoveryWindowSeconds),
    'the refresh recovery window must be at least the retry window',
  ],
  [
    (r) => r.refreshRecovery === undefined || among(['allow', 'deny'], [r.refreshRecovery]),
    'refresh_recovery must be allow or deny',
  ],
  [
    (r) => r.maxSessions === undefined || (r.maxSessions >= 1 && r.maxSessions <= 10_000),
    'max_sessions must be between 1 and 10000',
  ],
]

/** Returns the registration with its lists sorted and without repeats; throws InvalidRegistration. */
export function acceptRegistration(registration: Registration): Registration {
  const problems = rules.filter(([holds]) => !holds(registration)).map(([, problem]) => problem)
  const claims = claimsProblem(registration.claims)
  if (claims !== undefined) problems.push(claims)
  if (problems.length > 0) throw new InvalidRegistration(problems)
  return {
    ...registration,
    grantTypes: unique(registration.grantTypes),
    scope: unique(registration.scope).sort(),
    audience: unique(registration.audience),
    introspects: unique(registration.introspects),
    allowedOrigins: unique(registration.allowedOrigins ?? []),
    refreshTokenIn: registration.refreshTokenIn ?? 'body',
    roles: unique(registration.roles),
  }
}

function speaksForItselfAlone({ authenticationMethod, grantTypes }: Registration): boolean {
  const isOnlyGrant = grantTypes.length > 0 && among(['client_credentials'], grantTypes)
  return authenticationMethod !== 'none' && isOnlyGrant
}

function lengths(r: Registration): number[] {
  return [r.accessTokenTtlSeconds, r.sessionIdleTtlSeconds, r.sessionMaxTtlSeconds].filter(
    (seconds) => seconds !== undefined,
  )
}

/** Whether a length is left out, or in seconds at most that. */
function isWithin(seconds: number | undefined, most: number): boolean {
  return seconds === undefined || (seconds >= 0 && seconds <= most)
}

/** Whether the shorter of two lengths is at most the longer; so is one that is left out. */
function isInOrder(shorter: number | undefined, longer: number | undefined): boolean {
  return shorter === undefined || longer === undefined || shorter <= longer
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}
