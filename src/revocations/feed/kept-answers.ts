import type { FeedAnswer, ToAnswer } from './answers.ts'
import type { Entries } from './entries.ts'

/** Answers that many ask for, each signed once. */
export interface KeptAnswers {
  /**
   * What comes after number `asked` in a list that was true `asOf` (milliseconds since the epoch, like
   * `now`), or up to a second before it. Throws what signing throws.
   */
  answer(entries: Entries, asked: number, asOf: number, now: number): Promise<FeedAnswer>
}

/**
 * For so long `as_of` may stand, in milliseconds. A page costs half a megabyte and some milliseconds, so
 * that who asks often must not have it made each time.
 */
const STANDS_MS = 1_000

/** More than there are places in the tail of a list; then come its pages. */
const MOST = 256

interface Kept {
  readonly made: Promise<FeedAnswer>
  readonly asOf: number
  /** In what it was, and after how many shifts. */
  readonly entries: Entries
  readonly shifts: number
  /** Up to where it goes; and that what comes next is not in it. */
  readonly seq: number
  readonly more: boolean
}

export function createKeptAnswers(toAnswer: ToAnswer): KeptAnswers {
  const kept = new Map<number, Kept>()

  const isAsNow = (one: Kept, entries: Entries, asOf: number) =>
    one.entries === entries &&
    one.shifts === entries.shifts &&
    (one.more || one.seq === entries.seq) &&
    asOf - one.asOf < STANDS_MS

  return {
    answer(entries, asked, asOf, now) {
      const since = entries.origin(asked)
      const before = kept.get(since)
      if (before !== undefined && isAsNow(before, entries, asOf)) return before.made
      const page = entries.page(since)
      const made = toAnswer(page, asOf, now)
      const { seq, more } = page
      const { shifts } = entries
      kept.delete(since)
      kept.set(since, { made, asOf, entries, shifts, seq, more })
      const [oldest] = kept.keys()
      if (oldest !== undefined && kept.size > MOST) kept.delete(oldest)
      return made
    },
  }
}
