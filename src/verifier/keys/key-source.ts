import { createFetcher, type Fetcher, type FetchSettings } from '../fetch.ts'
import type { Algorithm } from '../types.ts'
import { type FetchedKeys, fetchKeys } from './fetch-keys.ts'
import { defaultJwksUri, discover, type KeyPlace } from './metadata.ts'
import type { VerifyKey } from './verify-key.ts'

/** Where the keys come from. Throws an Error whose message may be shown when there are none to be had. */
export type KeySource = () => Promise<FetchedKeys>

/**
 * Asks where the keys are when it was not told, and asks again after a failure. What has not changed since is
 * not sent again (RFC 9110 §13.1.2).
 */
export function createKeySource(options: {
  issuer: string
  jwksUri: string | undefined
  /** Those that were asked for; undefined leaves it to the metadata. */
  algorithms: readonly Algorithm[]
  hasOwnAlgorithms: boolean
  fetchSettings: FetchSettings
}): KeySource {
  const { issuer, jwksUri, algorithms, hasOwnAlgorithms, fetchSettings } = options
  const fetcher = createFetcher(fetchSettings)
  // There is a second way, so that the first need not be tried again.
  const hasty: Fetcher = createFetcher({ ...fetchSettings, retries: 0 })
  let place: KeyPlace | undefined = jwksUri === undefined ? undefined : { jwksUri, algorithms }
  let etag: string | undefined
  let before: ReadonlyMap<string, VerifyKey> = new Map()

  async function locate(): Promise<KeyPlace> {
    const found = await discover(issuer, hasty)
    if (found === undefined) return { jwksUri: defaultJwksUri(issuer), algorithms }
    place = hasOwnAlgorithms ? { ...found, algorithms } : found
    return place
  }

  return async () => {
    const { jwksUri: url, algorithms: taken } = place ?? (await locate())
    try {
      const fetched = await fetchKeys({ url, etag, algorithms: taken, before, fetcher })
      etag = fetched.etag
      before = fetched.keys ?? before
      return fetched
    } catch (error) {
      if (jwksUri === undefined) place = undefined
      etag = undefined
      throw error
    }
  }
}
