import { entityTag } from '../base/hash.ts'
import type { PublicJwk } from '../jwt/algorithms.ts'

/** The JWK set (RFC 7517 §5), serialised once. */
export interface JwksDocument {
  readonly body: string
  readonly etag: string
  /** When it is next expected to change, in milliseconds since the epoch; undefined when it is not. */
  readonly changesAt: number | undefined
}

/** One order of keys and members everywhere, so that all replicas answer the same bytes. */
const ORDER = ['kid', 'alg', 'use', 'kty', 'crv', 'x', 'y', 'n', 'e'] as const

/** Serialises the set; members that are not public have no place in it. */
export function serialiseJwks(
  published: readonly PublicJwk[],
  changesAt: number | undefined,
): JwksDocument {
  const keys = published
    .toSorted((a, b) => (a.kid < b.kid ? -1 : 1))
    .map((jwk) =>
      Object.fromEntries(ORDER.flatMap((name) => (name in jwk ? [[name, jwk[name]]] : []))),
    )
  const body = JSON.stringify({ keys })
  return { body, etag: entityTag(body), changesAt }
}
