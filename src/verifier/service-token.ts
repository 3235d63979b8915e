import { createFetcher } from './fetch.ts'
import { createLru } from './lru.ts'
import { ServiceTokenError } from './service-token/error.ts'
import { createHeld, type Held } from './service-token/held.ts'
import { settleOptions } from './service-token/options.ts'
import { createRequestToken, type Wanted } from './service-token/request.ts'
import type { ServiceTokenOptions, ServiceTokens } from './service-token/types.ts'
import { readWanted } from './service-token/wanted.ts'

export { type ServiceTokenCode, ServiceTokenError } from './service-token/error.ts'
export type {
  ServiceTokenOptions,
  ServiceTokenRequest,
  ServiceTokens,
} from './service-token/types.ts'

/**
 * Gets tokens by the grant `client_credentials` (RFC 6749 §4.4). Does nothing before it is asked.
 * Throws a TypeError that says what is wrong with the options.
 */
export function createServiceTokens(options: ServiceTokenOptions): ServiceTokens {
  const { clock, random, ...settled } = settleOptions(options)
  const { fetch, timeout } = settled
  const fetcher = createFetcher({ fetch, timeout, retries: 0 })
  const requestToken = createRequestToken({ ...settled, fetcher, clock })
  const closing = new AbortController()
  // Who asks for scopes that a caller names must not fill the memory.
  let held = createLru<Held>(MOST_HELD)

  const hold = (wanted: Wanted) => {
    const key = JSON.stringify([wanted.audiences, wanted.scopes])
    const known = held.get(key)
    if (known !== undefined) return known
    const request = () => requestToken(wanted, closing.signal)
    const made = createHeld({ request, clock, random })
    held.set(key, made)
    return made
  }

  return {
    async getToken(request = {}) {
      if (closing.signal.aborted) {
        throw new ServiceTokenError({ code: 'closed', message: 'the tokens were closed' }, 0)
      }
      return hold(readWanted(request)).get()
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

const MOST_HELD = 1000
