interface Place {
  readonly path: string
  /** How other servers call it: one segment of their paths, in lower case. */
  readonly names: readonly string[]
  readonly note?: string
}

/** Where other servers' callers look for what is here elsewhere. */
const PLACES: readonly Place[] = [
  { path: '/token', names: ['token', 'tokens', 'access_token', 'access-token'] },
  {
    path: '/token',
    names: ['login', 'signin', 'sign-in', 'authenticate'],
    note: 'with grant_type=password',
  },
  { path: '/refresh', names: ['refresh', 'refresh_token', 'refresh-token'] },
  { path: '/logout', names: ['logout', 'signout', 'sign-out', 'end_session', 'endsession'] },
  { path: '/revoke', names: ['revoke', 'revocation'] },
  { path: '/introspect', names: ['introspect', 'introspection', 'tokeninfo'] },
  { path: '/sessions', names: ['sessions', 'session'] },
  { path: '/me', names: ['me', 'userinfo', 'whoami'] },
  { path: '/.well-known/jwks.json', names: ['jwks.json', 'jwks', 'jwks_uri', 'certs', 'keys'] },
  { path: '/forward-auth', names: ['forward-auth', 'forwardauth', 'auth_request'] },
  {
    path: '/.well-known/oauth-authorization-server',
    names: ['oauth-authorization-server', 'metadata'],
  },
  { path: '/.well-known/openid-configuration', names: ['openid-configuration'] },
  { path: '/livez', names: ['livez', 'live', 'liveness', 'ping'] },
  { path: '/readyz', names: ['readyz', 'ready', 'readiness'] },
  {
    path: '/readyz',
    names: ['health', 'healthz', 'healthcheck', 'status'],
    note: 'or, for the process alone, GET /livez',
  },
  {
    path: '/docs',
    names: ['docs', 'swagger', 'swagger-ui', 'swagger-ui.html', 'api-docs', 'redoc'],
  },
  {
    path: '/openapi.json',
    names: ['openapi.json', 'openapi', 'openapi.yaml', 'openapi.yml', 'swagger.json'],
  },
  { path: '/errors', names: ['errors', 'error'] },
  { path: '/version', names: ['version'] },
  { path: '/events', names: ['events', 'audit', 'audit-log', 'auditlog', 'logs'] },
  { path: '/cut-offs', names: ['cut-offs', 'cutoffs', 'cut_offs', 'not-before'] },
]

const BY_NAME = new Map(PLACES.flatMap((place) => place.names.map((name) => [name, place])))

/**
 * The places that a path which does not exist may mean, the likeliest first: by its last segment
 * (`/oauth2/token`), else by the one before it, and so on.
 */
export function placesFor(path: string): Place[] {
  const segments = path.toLowerCase().split('/').toReversed()
  return segments.flatMap((segment) => BY_NAME.get(segment) ?? [])
}
