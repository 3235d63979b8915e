/** What verifiers learn; instants are milliseconds since the epoch. */
export interface FeedEntry {
  readonly seq: number
  readonly kind: 'sid' | 'jti' | 'sub' | 'client_id' | 'kid'
  readonly subject: string
  /** Of a cut-off: whatever session started before it. */
  readonly before: number | undefined
  /** Of a client's: whatever token without a session was issued before it. */
  readonly issuedBefore: number | undefined
  /** From when on no token can be concerned. */
  readonly expiresAt: number
}

/** A part of the list, to be sent at once. */
export interface Page {
  readonly entries: readonly FeedEntry[]
  /** The number that it continues; 0 from the beginning. */
  readonly since: number
  /** Up to which number all is in it, or was before. */
  readonly seq: number
  readonly more: boolean
}

/** Everything that is not over, by number. */
export interface Entries {
  /** Up to which number it holds all there is. */
  readonly seq: number
  /** How often something was forgotten, so that pages begin elsewhere. */
  readonly shifts: number
  /** Takes what comes next, up to number `seq`. */
  add(next: readonly FeedEntry[], seq: number): void
  /** Forgets what is over `now`, to the second. */
  forget(now: number): void
  /**
   * The number to go on from for whoever asks for what comes after number `asked`, at or before that:
   * of those who are far behind all in a page get the same. 0 when nobody gave that number.
   */
  origin(asked: number): number
  /** What comes after such a number. */
  page(since: number): Page
}

/** As many entries as an answer has, at most: half a megabyte. */
const PAGE = 5_000
/** Whoever misses so many gets these alone. */
const TAIL = 200

export function createEntries(): Entries {
  let held: FeedEntry[] = []
  let seq = 0
  let shifts = 0
  let firstOver = Number.POSITIVE_INFINITY

  return {
    get seq() {
      return seq
    },
    get shifts() {
      return shifts
    },
    add(next, upTo) {
      for (const entry of next) {
        held.push(entry)
        firstOver = Math.min(firstOver, entry.expiresAt)
      }
      seq = upTo
    },
    forget(now) {
      // Not at each look: what is signed is to be of use for a second.
      const over = now - (now % 1_000)
      if (over < firstOver) return
      held = held.filter(({ expiresAt }) => expiresAt > over)
      firstOver = held.reduce((first, one) => Math.min(first, one.expiresAt), Infinity)
      shifts += 1
    },
    origin(asked) {
      if (asked === seq) return seq
      const known = asked > seq ? 0 : placeAfter(held, asked)
      const place = held.length - known > TAIL ? known - (known % PAGE) : known
      return held[place - 1]?.seq ?? 0
    },
    page(since) {
      const from = placeAfter(held, since)
      const entries = held.slice(from, from + PAGE)
      const more = from + PAGE < held.length
      return { entries, since, seq: more ? (entries.at(-1) as FeedEntry).seq : seq, more }
    },
  }
}

/** Where the entries begin whose number is greater, by halving. */
function placeAfter(entries: readonly FeedEntry[], since: number): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle] as FeedEntry).seq > since) high = middle
    else low = middle + 1
  }
  return low
}
