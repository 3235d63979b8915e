import { createFetcher, type Fetcher, type FetchSettings } from '../fetch.ts'
import type { Algorithm } from '../types.ts'
import { type FetchedKeys, fetchKeys } from './fetch-keys.ts'
import { defaultJwksUri, discover, type KeyPlace } from './metadata.ts'
import type { VerifyKey } from './verify-key.ts'

/**
 * Where the keys come from. Throws an Error whose message may be shown when there are none to be had.
 * @param isForUnknown for the sake of a key that is not known: asks once, and asks the metadata, too
 */
export type KeySource = (isForUnknown: boolean) => Promise<FetchedKeys>

/** In milliseconds: metadata are asked anew after a day. */
const DAY = 86_400_000

/**
 * Asks where the keys are, and for which algorithms, when it was not told; asks again after a failure, after a
 * day and for an unknown key, which may be of an algorithm that is new. What has not changed since is not sent
 * again (RFC 9110 §13.1.2).
 */
export function createKeySource(options: {
  issuer: string
  jwksUri: string | undefined
  /** Those that were asked for; undefined leaves it to the metadata. */
  algorithms: readonly Algorithm[]
  hasOwnAlgorithms: boolean
  fetchSettings: FetchSettings
  /** Milliseconds since the epoch. */
  clock: () => number
}): KeySource {
  const { issuer, jwksUri, algorithms, hasOwnAlgorithms, fetchSettings, clock } = options
  const fetcher = createFetcher(fetchSettings)
  // Metadata have a second way, and a flood of unknown keys must not be one of requests.
  const hasty: Fetcher = createFetcher({ ...fetchSettings, retries: 0 })
  const told = jwksUri === undefined ? undefined : { jwksUri, algorithms }
  let place: KeyPlace | undefined
  let locatedAt = 0
  let etag: string | undefined
  let before: ReadonlyMap<string, VerifyKey> = new Map()

  async function locate(): Promise<KeyPlace> {
    const found = await discover(issuer, hasty)
    if (found === undefined) return place ?? { jwksUri: defaultJwksUri(issuer), algorithms }
    const next = hasOwnAlgorithms ? { ...found, algorithms } : found
    // The same answer may hold other keys for us now.
    if (JSON.stringify(next) !== JSON.stringify(place)) etag = undefined
    place = next
    locatedAt = clock()
    return place
  }

  return async (isForUnknown) => {
    const isLocated = place !== undefined && !isForUnknown && clock() < locatedAt + DAY
    const { jwksUri: url, algorithms: taken } =
      told ?? (isLocated ? place : undefined) ?? (await locate())
    try {
      const asking = isForUnknown ? hasty : fetcher
      const fetched = await fetchKeys({ url, etag, algorithms: taken, before, fetcher: asking })
      etag = fetched.etag
      before = fetched.keys ?? before
      return fetched
    } catch (error) {
      place = undefined
      etag = undefined
      throw error
    }
  }
}
