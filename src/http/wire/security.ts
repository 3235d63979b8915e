/** The `security` of an operation that takes an access token, however it was obtained. */
export const BEARER_SECURITY: Record<string, string[]>[] = [{ bearer: [] }, { oauth2: [] }]

/**
 * The scheme that asks the token endpoint by itself.
 * @param basePath the issuer's path, without a slash at its end: a proxy may have put the service there
 */
export function oauth2Scheme(basePath: string) {
  const flow = { tokenUrl: `${basePath}/token`, refreshUrl: `${basePath}/refresh`, scopes: {} }
  return {
    type: 'oauth2' as const,
    description:
      'Logs in, or lets a client speak for itself, and sends the access token that comes of it.',
    flows: { password: flow, clientCredentials: flow },
  }
}

/** The other ways in which callers authenticate. */
export const securitySchemes = {
  bearer: {
    type: 'http' as const,
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token whose audience includes this issuer.',
  },
  clientBasic: {
    type: 'http' as const,
    scheme: 'basic',
    description:
      'client_id and client_secret of a client that asks for tokens or about them (RFC 6749 section 2.3.1). Examples that name their client in the body want this left out.',
  },
  refreshCookie: {
    type: 'apiKey' as const,
    in: 'cookie' as const,
    name: '__Host-mintmark-refresh-web',
    description:
      'The refresh token of a client that keeps it in a cookie, here of the client `web`: each has its own, `__Host-mintmark-refresh-<client_id>`, and without `__Host-` where the issuer is http. Send `X-CSRF: 1` with it.',
  },
  backendBasic: {
    type: 'http' as const,
    scheme: 'basic',
    description: 'client_id and client_secret of the backend that starts a session.',
  },
}
