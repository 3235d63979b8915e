import { ALGORITHMS, normalTyp, type Terms } from './terms.ts'
import type { RevocationOptions, VerifierOptions } from './types.ts'

/** The options with their defaults. */
export interface Settled {
  readonly terms: Terms
  readonly jwksUri: string | undefined
  readonly hasOwnAlgorithms: boolean
  readonly jwksMaxAge: number
  readonly staleIfError: number
  readonly unknownKidCooldown: number
  readonly timeout: number
  readonly retries: number
  readonly revocation: RevocationOptions | undefined
  readonly tokenCache: number
  readonly clock: () => number
}

const NAMES: ReadonlySet<string> = new Set<keyof VerifierOptions>([
  'issuer',
  'audience',
  'algorithms',
  'typ',
  'jwksUri',
  'jwks',
  'clockTolerance',
  'maxTokenLifetime',
  'maxTokenSize',
  'jwksMaxAge',
  'staleIfError',
  'unknownKidCooldown',
  'timeout',
  'retries',
  'revocation',
  'tokenCache',
  'fetch',
  'clock',
  'onStale',
  'onRefused',
])

/** Throws a TypeError that says which option is wrong and what it must be. */
export function settleOptions(options: VerifierOptions): Settled {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('createVerifier needs options: { issuer, audience }')
  }
  for (const name of Object.keys(options)) {
    require(NAMES.has(name), name, `is not an option; there are ${[...NAMES].join(', ')}`)
  }
  for (const name of ['fetch', 'clock', 'onStale', 'onRefused'] as const) {
    const value = options[name]
    require(value === undefined || typeof value === 'function', name, 'must be a function')
  }
  const seeded = options.jwks
  require(seeded === undefined ||
    Array.isArray(seeded?.keys), 'jwks', 'must be a JWK set: { keys: […] }')
  return {
    terms: {
      issuer: settleIssuer(options.issuer),
      audiences: settleNames('audience', options.audience),
      algorithms: settleAlgorithms(options.algorithms),
      typs: settleNames('typ', options.typ ?? 'at+jwt').map(normalTyp),
      clockTolerance: number(options, 'clockTolerance', 30, 0, 600),
      maxTokenLifetime: number(options, 'maxTokenLifetime', 3600, 1, 31_536_000),
      maxTokenSize: number(options, 'maxTokenSize', 8192, 256, 1_048_576),
    },
    jwksUri: settleUrl('jwksUri', options.jwksUri),
    hasOwnAlgorithms: options.algorithms !== undefined,
    jwksMaxAge: number(options, 'jwksMaxAge', 600, 1, 86_400),
    staleIfError: number(options, 'staleIfError', 86_400, 0, 31_536_000),
    unknownKidCooldown: number(options, 'unknownKidCooldown', 30, 1, 86_400),
    timeout: number(options, 'timeout', 3000, 1, 60_000),
    retries: number(options, 'retries', 2, 0, 10),
    revocation: settleRevocation(options.revocation),
    tokenCache: whole(options, 'tokenCache', 0, 0, 10_000_000),
    clock: options.clock ?? Date.now,
  }
}

function require(holds: boolean, name: string, must: string): asserts holds {
  if (!holds) throw new TypeError(`${name} ${must}`)
}

function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value) && /^https?:\/\//.test(value)
}

/** RFC 8414 §2: a URL without query and fragment. Plain http is for development and inner networks. */
function settleIssuer(issuer: unknown): string {
  require(isHttpUrl(issuer) &&
    !/[?#\s]/.test(
      issuer,
    ), 'issuer', 'is required: the `iss` of your tokens to the letter, a URL such as https://auth.example, without query or fragment')
  return issuer
}

function settleUrl(name: string, url: unknown): string | undefined {
  if (url === undefined) return undefined
  const text = url instanceof URL ? url.href : url
  require(isHttpUrl(text), name, 'must be a URL that starts with https:// or http://')
  return text
}

function settleNames(name: string, value: unknown): readonly string[] {
  const names: unknown[] = Array.isArray(value) ? [...value] : [value]
  require(names.length > 0 &&
    names.every((one) => typeof one === 'string' && one !== ''), name, name === 'audience'
    ? 'is required: what this service is called in the `aud` of its tokens, one or several'
    : 'must be a string, or several, none of them empty')
  return names as string[]
}

function settleAlgorithms(value: VerifierOptions['algorithms']): Terms['algorithms'] {
  if (value === undefined) return ALGORITHMS
  const isKnown =
    Array.isArray(value) && value.length > 0 && value.every((one) => ALGORITHMS.includes(one))
  require(isKnown, 'algorithms', `must be a list out of ${ALGORITHMS.join(', ')}`)
  return [...value]
}

function settleRevocation(value: VerifierOptions['revocation']): RevocationOptions | undefined {
  if (value === undefined || value === 'off') return undefined
  const settings = typeof value === 'string' ? { by: value === 'feed' ? 'poll' : value } : value
  const { by, pollEvery, staleAfter, whenStale, url, ...unknown } = settings ?? {}
  const [other] = Object.keys(unknown)
  require(other === undefined, `revocation.${other}`, 'is not an option')
  require(by === 'poll' ||
    by ===
      'stream', 'revocation', "must be 'off', 'poll', 'stream' or { by: 'poll' | 'stream', … }")
  require(whenStale === undefined ||
    whenStale === 'open' ||
    whenStale === 'closed', 'revocation.whenStale', "must be 'open' or 'closed'")
  if (pollEvery !== undefined) number({ pollEvery }, 'pollEvery', 30, 1, 3600)
  if (staleAfter !== undefined) number({ staleAfter }, 'staleAfter', 120, 1, 86_400)
  settleUrl('revocation.url', url)
  return settings
}

function whole(...[options, name, ...range]: Parameters<typeof number<'tokenCache'>>): number {
  const value = number(options, name, ...range)
  require(Number.isInteger(value), name, 'must be a whole number')
  return value
}

/** A number of the options within its range, or what it is if not given. */
function number<Name extends string>(
  options: { readonly [name in Name]?: number },
  name: Name,
  otherwise: number,
  least: number,
  most: number,
): number {
  const value: unknown = options[name] ?? otherwise
  const isInRange = typeof value === 'number' && value >= least && value <= most
  require(isInRange, name, `must be a number from ${least} to ${most}`)
  return value
}
