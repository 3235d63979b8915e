import { createFetcher } from './fetch.ts'
import { createLru } from './lru.ts'
import { askedScopes } from './scope.ts'
import { ServiceTokenError } from './service-token/error.ts'
import { createHeld, type Held } from './service-token/held.ts'
import { createRequestToken } from './service-token/request.ts'

export { type ServiceTokenCode, ServiceTokenError } from './service-token/error.ts'

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
   * @throws ServiceTokenError when there is none that lives
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

/** Gets tokens by the grant `client_credentials` (RFC 6749 §4.4). Does nothing before it is asked. */
export function createServiceTokens(options: ServiceTokenOptions): ServiceTokens {
  const { clientId, clientSecret, timeout = 5000, clock = Date.now, random = Math.random } = options
  const url = endpointOf(options)
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError('clientId is required')
  if (typeof clientSecret !== 'function' && (typeof clientSecret !== 'string' || !clientSecret)) {
    throw new TypeError('clientSecret is required: the secret, or a function that gives it')
  }
  const fetcher = createFetcher({ fetch: options.fetch, timeout, retries: 0 })
  const requestToken = createRequestToken({ url, clientId, clientSecret, timeout, fetcher, clock })
  const closing = new AbortController()
  // Who asks for scopes that a caller names must not fill the memory.
  let held = createLru<Held>(MOST_HELD)

  const hold = (audiences: readonly string[], scopes: readonly string[]) => {
    const key = JSON.stringify([audiences, scopes])
    const known = held.get(key)
    if (known !== undefined) return known
    const request = () => requestToken({ audiences, scopes }, closing.signal)
    const made = createHeld({ request, clock, random })
    held.set(key, made)
    return made
  }

  return {
    async getToken({ audience = [], scope } = {}) {
      if (closing.signal.aborted) {
        throw new ServiceTokenError({ code: 'closed', message: 'the tokens were closed' }, 0)
      }
      const audiences = typeof audience === 'string' ? [audience] : [...audience]
      return hold(audiences.sort(), [...new Set(askedScopes(scope))].sort()).get()
    },
    forget(token) {
      for (const one of held.values()) one.forget(token)
    },
    close() {
      closing.abort()
      held = createLru(0)
    },
  }
}

function endpointOf(options: ServiceTokenOptions): string {
  const { tokenEndpoint, issuer } = options as { tokenEndpoint?: string | URL; issuer?: string }
  const given = tokenEndpoint ?? (issuer && `${issuer.replace(/\/$/, '')}/token`)
  if (given !== undefined && URL.canParse(String(given))) return String(given)
  throw new TypeError('issuer or tokenEndpoint is required, a URL such as https://auth.example')
}

const MOST_HELD = 1000
