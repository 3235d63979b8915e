import { readBody } from '../body.ts'
import type { Fetcher } from '../fetch.ts'
import { ALGORITHMS } from '../terms.ts'
import type { Algorithm } from '../types.ts'

/** Where the keys are, and which algorithms they are for. */
export interface KeyPlace {
  readonly jwksUri: string
  readonly algorithms: readonly Algorithm[]
}

/** In bytes; metadata has a few hundred. */
const LARGEST = 65_536

/**
 * Asks the metadata of the issuer (RFC 8414 §3) where its keys are. Undefined when it cannot be had, is
 * not what it must be, or is of another issuer (§3.3): then the keys are where Mintmark has them.
 * @param fetcher one that does not try again: there is a second way
 */
export async function discover(issuer: string, fetcher: Fetcher): Promise<KeyPlace | undefined> {
  try {
    const response = await fetcher(wellKnown(issuer, 'oauth-authorization-server'), {
      headers: { accept: 'application/json' },
    })
    if (response.status !== 200) return undefined
    const metadata = JSON.parse(await readBody(response, LARGEST))
    if (metadata?.issuer !== issuer || !isAsSafe(metadata.jwks_uri, issuer)) return undefined
    const algorithms = algorithmsOf(
      metadata.access_token_signing_alg_values_supported ??
        metadata.id_token_signing_alg_values_supported,
    )
    return { jwksUri: metadata.jwks_uri, algorithms }
  } catch {
    return undefined
  }
}

/** Where Mintmark publishes its keys. */
export function defaultJwksUri(issuer: string): string {
  return wellKnown(issuer, 'jwks.json')
}

function wellKnown(issuer: string, name: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/${name}`
}

/** Keys of an https issuer do not come over plain http. */
function isAsSafe(url: unknown, issuer: string): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false
  return url.startsWith('https://') || (url.startsWith('http://') && issuer.startsWith('http://'))
}

/** Those that exist here; all of them when the metadata names none. */
function algorithmsOf(names: unknown): readonly Algorithm[] {
  const known = ALGORITHMS.filter((one) => Array.isArray(names) && names.includes(one))
  return known.length > 0 ? known : ALGORITHMS
}
