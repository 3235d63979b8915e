import type { Settled } from '../options.ts'
import { ALGORITHMS } from '../terms.ts'
import type { StaleEvent, VerifierOptions } from '../types.ts'
import { acceptKeys } from './fetch-keys.ts'
import { createKeySet, type KeySet } from './key-set.ts'
import { createKeySource } from './key-source.ts'

/** The keys of the issuer as the options of a verifier say. Fetches nothing yet. */
export function createIssuerKeys(
  options: VerifierOptions,
  settled: Settled,
  onStale: (event: StaleEvent) => void,
): KeySet {
  const { terms, jwksUri, hasOwnAlgorithms, timeout, retries } = settled
  const { jwks } = options
  const { issuer } = terms
  const closing = new AbortController()
  const keySet = createKeySet({
    source: createKeySource({
      issuer,
      jwksUri,
      // Of the others a list of revocations may be signed; tokens of these alone are taken all the same.
      algorithms: ALGORITHMS,
      hasOwnAlgorithms,
      fetchSettings: { fetch: options.fetch, timeout, retries, signal: closing.signal },
      clock: settled.clock,
    }),
    seed: jwks === undefined ? undefined : () => acceptKeys(jwks.keys, ALGORITHMS, new Map()),
    jwksMaxAge: settled.jwksMaxAge,
    staleIfError: settled.staleIfError,
    unknownKidCooldown: settled.unknownKidCooldown,
    clock: settled.clock,
    patience: timeout,
    onStale,
  })
  return {
    ...keySet,
    close() {
      keySet.close()
      closing.abort()
    },
  }
}
