import type { ServiceTokenOptions } from './types.ts'

/** The options with their defaults. */
export interface Settled {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string | (() => string | Promise<string>)
  /** In milliseconds. */
  readonly timeout: number
  readonly fetch: typeof globalThis.fetch | undefined
  readonly clock: () => number
  readonly random: () => number
}

type Name = keyof Settled | 'issuer' | 'tokenEndpoint'

const NAMES: ReadonlySet<string> = new Set<Exclude<Name, 'url'>>([
  'issuer',
  'tokenEndpoint',
  'clientId',
  'clientSecret',
  'timeout',
  'fetch',
  'clock',
  'random',
])

const LONGEST_TIMEOUT = 60_000

/** Throws a TypeError that says which option is wrong and what it must be, and repeats no value. */
export function settleOptions(options: ServiceTokenOptions): Settled {
  require(typeof options === 'object' && options !== null, 'createServiceTokens', 'needs options')
  for (const name of Object.keys(options)) {
    require(NAMES.has(name), name, `is not an option; there are ${[...NAMES].join(', ')}`)
  }
  for (const name of ['fetch', 'clock', 'random'] as const) {
    const value = options[name]
    require(value === undefined || typeof value === 'function', name, 'must be a function')
  }
  const { clientId, clientSecret, timeout = 5000, clock = Date.now, random = Math.random } = options
  require(isText(clientId), 'clientId', 'is required, a string')
  require(isText(clientSecret) ||
    typeof clientSecret ===
      'function', 'clientSecret', 'is required: the secret, or a function that gives it')
  require(typeof timeout === 'number' &&
    timeout >= 1 &&
    timeout <= LONGEST_TIMEOUT, 'timeout', `must be a number from 1 to ${LONGEST_TIMEOUT}`)
  const url = endpointOf(options)
  return { url, clientId, clientSecret, timeout, fetch: options.fetch, clock, random }
}

/** RFC 6749 §3.2: without a fragment. A query is none of an issuer's (RFC 8414 §2), nor of Mintmark's endpoint. */
function endpointOf(options: ServiceTokenOptions): string {
  const { tokenEndpoint, issuer } = options as { tokenEndpoint?: unknown; issuer?: unknown }
  const name = tokenEndpoint === undefined ? 'issuer' : 'tokenEndpoint'
  const given = tokenEndpoint instanceof URL ? tokenEndpoint.href : (tokenEndpoint ?? issuer)
  require(given !== undefined, 'issuer or tokenEndpoint', 'is required')
  const must = 'must be a URL such as https://auth.example, without credentials, query and fragment'
  require(isText(given) && /^https?:\/\/[^@?#\s]+$/i.test(given) && URL.canParse(given), name, must)
  return tokenEndpoint === undefined ? `${given.replace(/\/$/, '')}/token` : given
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function require(holds: boolean, name: string, must: string): asserts holds {
  if (!holds) throw new TypeError(`${name} ${must}`)
}
