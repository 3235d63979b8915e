import { readBody } from '../body.ts'
import type { Fetcher } from '../fetch.ts'
import type { Known } from './known.ts'

/** Asks the feed for everything that is new. Throws an Error with a message fit to show. */
export type Ask = (signal: AbortSignal) => Promise<void>

/** Of an answer or an event, in bytes: 5,000 entries take less than a megabyte. */
export const LONGEST_ANSWER = 4 * 1024 * 1024

/**
 * @param mayBeSpared whether an answer is of no use that would only say again when the issuer last looked
 */
export function createAsk(options: {
  url: URL
  fetcher: Fetcher
  known: Known
  mayBeSpared: () => boolean
}): Ask {
  const { url, fetcher, known, mayBeSpared } = options
  let last: { href: string; etag: string } | undefined

  const askOnce = async (since: number, signal: AbortSignal) => {
    const address = new URL(url)
    if (since > 0) address.searchParams.set('since', String(since))
    const { href } = address
    const headers: Record<string, string> = { accept: 'application/revocations+jwt' }
    if (last?.href === href && mayBeSpared()) headers['if-none-match'] = last.etag
    const response = await fetcher(href, { headers, signal })
    if (response.status === 304) return undefined
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new FeedRefused(response)
    }
    const taken = await known.take(await readBody(response, LONGEST_ANSWER))
    const etag = response.headers.get('etag')
    last = etag === null ? undefined : { href, etag }
    return taken
  }

  return async (signal) => {
    let since = known.seq ?? 0
    for (let answers = 1; answers <= MOST_ANSWERS; answers += 1) {
      const taken = await askOnce(since, signal)
      if (taken === undefined) return
      if (taken.isGap) {
        if (since === 0) throw new Error('the feed of revocations leaves out its beginning')
        since = 0
      } else {
        if (!taken.more) return
        if (taken.seq <= taken.since) {
          throw new Error('the feed of revocations promises more and does not go on')
        }
        since = taken.seq
      }
    }
    throw new Error(`the feed of revocations has no end after ${MOST_ANSWERS} answers`)
  }
}

/** The feed answered, and not with a list. */
export class FeedRefused extends Error {
  readonly retryAfter: string | null

  constructor(response: Response) {
    super(`the feed of revocations answered with status ${response.status}`)
    this.retryAfter = response.headers.get('retry-after')
  }
}

/** At 5,000 entries each, more than could end within the life of an access token. */
const MOST_ANSWERS = 1000
