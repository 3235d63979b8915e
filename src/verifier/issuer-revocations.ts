import { createFetcher } from './fetch.ts'
import type { KeySet } from './keys/key-set.ts'
import type { Settled } from './options.ts'
import { createRevocations, type Revocations } from './revocations/feed.ts'
import { noRevocations } from './revocations/none.ts'
import { ALGORITHMS } from './terms.ts'
import type { Examination } from './token/examination.ts'
import { firstFault } from './token/examine.ts'
import { LIST_RULES } from './token/rules.ts'
import type { StaleEvent, VerifierOptions } from './types.ts'

/** In bytes; 5,000 entries take less than a megabyte. */
const LARGEST_LIST = 4_194_304

/** What is known of the issuer's revocations, as the options of a verifier say. Fetches nothing yet. */
export function createIssuerRevocations(
  options: VerifierOptions,
  settled: Settled,
  keys: KeySet,
  onStale: (event: StaleEvent) => void,
): Revocations {
  const { revocation, clock, timeout, retries } = settled
  if (revocation === undefined) return noRevocations
  const terms = {
    ...settled.terms,
    // It is signed by the default of the issuer, whatever the tokens for this service are signed by.
    algorithms: ALGORITHMS,
    typs: ['revocations+jwt'],
    maxTokenSize: LARGEST_LIST,
  }
  const grounds = { terms, keys, revocations: noRevocations }

  /** A list is signed by the keys that sign tokens, and told from them by its `typ` (RFC 8725 §3.11). */
  async function verifyList(token: string): Promise<Record<string, unknown>> {
    const examination: Examination = { grounds, token, options: {}, now: clock() / 1000 }
    const fault = await firstFault(LIST_RULES, examination)
    if (fault !== undefined) throw fault
    return examination.jws?.payload as Record<string, unknown>
  }

  return createRevocations({
    issuer: terms.issuer,
    settings: revocation,
    fetcher: createFetcher({ fetch: options.fetch, timeout, retries }),
    fetch: (...request) => (options.fetch ?? globalThis.fetch)(...request),
    clock,
    verifyList,
    onStale,
    patience: timeout,
    clockTolerance: terms.clockTolerance,
  })
}
