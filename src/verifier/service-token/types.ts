interface CommonOptions {
  readonly clientId: string
  /** Or a function that gives it, which is asked before each request: a secret that was rotated is taken up. */
  readonly clientSecret: string | (() => string | Promise<string>)
  /** In milliseconds, for a request, and for the function that gives the secret; 5000 if not given. */
  readonly timeout?: number
  /** Instead of the global one. */
  readonly fetch?: typeof globalThis.fetch
  /** Milliseconds since the epoch; `Date.now` if not given. */
  readonly clock?: () => number
  /** In [0, 1); `Math.random` if not given. */
  readonly random?: () => number
}

/** Of the two, `tokenEndpoint` wins; with `issuer` it is `/token` below it. */
export type ServiceTokenOptions = CommonOptions &
  ({ readonly issuer: string } | { readonly tokenEndpoint: string | URL })

/** What a token is for. */
export interface ServiceTokenRequest {
  /** The service, or services, that will be called; all that the client may if not given. */
  readonly audience?: string | readonly string[]
  /** What will be done there; a string may name several, with spaces between. */
  readonly scope?: string | readonly string[]
}

export interface ServiceTokens {
  /**
   * An access token for calling other services in one's own name. One request at a time for each
   * audience and scope; a token is replaced at about 80 % of its life, by the next call that asks for it,
   * which does not wait; while that fails, the one that still lives is given.
   * @throws ServiceTokenError when there is none that lives; TypeError for what cannot be asked for
   */
  getToken(request?: ServiceTokenRequest): Promise<string>
  /**
   * Drops a token that was answered 401, if it is still held: whoever it was for knows that it was revoked.
   * The next `getToken` asks for another.
   */
  forget(token: string): void
  /** Ends requests, and forgets the tokens. */
  close(): void
}
