import { readBody } from '../body.ts'
import type { Fetcher } from '../fetch.ts'
import type { Algorithm } from '../types.ts'
import { acceptJwk, isStill } from './accept-jwk.ts'
import type { VerifyKey } from './verify-key.ts'

/** What came of asking for the keys. */
export interface FetchedKeys {
  /** Undefined when they are those that were fetched before. */
  readonly keys: ReadonlyMap<string, VerifyKey> | undefined
  readonly etag: string | undefined
  /** In seconds; undefined when the answer does not say. */
  readonly maxAge: number | undefined
}

/** In bytes; a key has some hundred. */
const LARGEST = 1_048_576

/**
 * Fetches a JWK set (RFC 7517 §5). Throws an Error whose message may be shown when it cannot be had, is none, or
 * holds no key that can be used: an empty set is an accident, and never takes the place of good keys.
 */
export async function fetchKeys(options: {
  url: string
  etag: string | undefined
  algorithms: readonly Algorithm[]
  before: ReadonlyMap<string, VerifyKey>
  fetcher: Fetcher
}): Promise<FetchedKeys> {
  const { url, etag, algorithms, before, fetcher } = options
  const response = await fetcher(url, {
    headers: {
      accept: 'application/json, application/jwk-set+json',
      ...(etag !== undefined && { 'if-none-match': etag }),
    },
  })
  const facts = {
    etag: response.headers.get('etag') ?? undefined,
    maxAge: maxAgeOf(response.headers),
  }
  if (response.status === 304 && etag !== undefined) return { ...facts, keys: undefined, etag }
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  const jwks = parse(await readBody(response, LARGEST))
  if (!isJwks(jwks)) throw new Error(`${url} answered something that is no JWK set`)
  const keys = await acceptKeys(jwks.keys, algorithms, before)
  if (keys.size === 0) throw new Error(`${url} holds no key that can be used`)
  return { ...facts, keys: new Map([...heldStill(jwks.keys, algorithms, before), ...keys]) }
}

/** Those that were good before and are the same, but for a slip such as a missing `alg`. */
function heldStill(
  jwks: readonly unknown[],
  algorithms: readonly Algorithm[],
  before: ReadonlyMap<string, VerifyKey>,
): (readonly [string, VerifyKey])[] {
  return [...before].filter(
    ([, key]) => algorithms.includes(key.alg) && jwks.some((jwk) => isStill(jwk, key)),
  )
}

/**
 * Those of the keys that can be used, by `kid`. Of two keys with one `kid` neither is: it would be left to chance
 * which of them a token is verified by.
 */
export async function acceptKeys(
  jwks: readonly unknown[],
  algorithms: readonly Algorithm[],
  before: ReadonlyMap<string, VerifyKey>,
): Promise<ReadonlyMap<string, VerifyKey>> {
  const times = new Map<unknown, number>()
  const kidOf = (jwk: unknown) => (jwk as { kid?: unknown } | null)?.kid
  for (const jwk of jwks) times.set(kidOf(jwk), (times.get(kidOf(jwk)) ?? 0) + 1)
  const named = jwks.filter((jwk) => times.get(kidOf(jwk)) === 1)
  const keys = await Promise.all(named.map((jwk) => acceptJwk(jwk, algorithms, before)))
  return new Map(keys.filter((key) => key !== undefined).map((key) => [key.kid, key]))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isJwks(value: unknown): value is { keys: readonly unknown[] } {
  return Array.isArray((value as { keys?: unknown } | null | undefined)?.keys)
}

/** RFC 9111 §5.2.2.1, less the time that it has lain in caches (§4.2.3). */
function maxAgeOf(headers: Headers): number | undefined {
  const cacheControl = headers.get('cache-control') ?? ''
  const seconds = /(?:^|[\s,])max-age="?(\d{1,10})\b/i.exec(cacheControl)?.[1]
  const spent = /^\d{1,10}$/.exec(headers.get('age') ?? '')?.[0] ?? 0
  return seconds === undefined ? undefined : Number(seconds) - Number(spent)
}
