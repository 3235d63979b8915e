import { type FeedAnswer, readAnswer } from './answer.ts'
import type { Freshness } from './freshness.ts'
import type { RevocationList } from './list.ts'

/** What an answer was, when it was taken in. */
export interface Taken extends Pick<FeedAnswer, 'since' | 'seq' | 'more'> {
  /** It continues a number that was never reached: something between is not known. */
  readonly isGap: boolean
}

/** What the answers of the feed have told so far. */
export interface Known {
  /** Up to which number everything is known; undefined before the first answer. */
  readonly seq: number | undefined
  /**
   * Takes one answer, or one event of the stream.
   * @param jws as it came
   * @throws Error when its signature or its shape is wrong; then nothing of it is taken
   */
  take(jws: string): Promise<Taken>
}

export function createKnown(options: {
  list: RevocationList
  freshness: Freshness
  clock: () => number
  verifyList: (jws: string) => Promise<Record<string, unknown>>
}): Known {
  const { list, freshness, clock, verifyList } = options
  let known: number | undefined

  return {
    get seq() {
      return known
    },
    async take(jws) {
      const { entries, asOf, since, seq, more } = readAnswer(await verifyList(jws))
      list.add(entries)
      list.forget(clock())
      const isGap = since > (known ?? 0)
      // A replica that lags behind adds what it has, and takes nothing back.
      if (!isGap) known = Math.max(known ?? 0, seq)
      if (!isGap && !more) freshness.heard(asOf)
      return { isGap, since, seq, more }
    },
  }
}
