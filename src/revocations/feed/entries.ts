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
  /** Takes what comes next, up to number `seq`. */
  add(next: readonly FeedEntry[], seq: number): void
  /** Forgets what is over `now`. */
  forget(now: number): void
  /** At most `size` entries that come after number `since`; from the beginning when that is ahead. */
  page(since: number, size: number): Page
}

export function createEntries(): Entries {
  let held: FeedEntry[] = []
  let seq = 0
  let firstOver = Number.POSITIVE_INFINITY

  return {
    get seq() {
      return seq
    },
    add(next, upTo) {
      for (const entry of next) {
        held.push(entry)
        firstOver = Math.min(firstOver, entry.expiresAt)
      }
      seq = upTo
    },
    forget(now) {
      if (now < firstOver) return
      held = held.filter(({ expiresAt }) => expiresAt > now)
      firstOver = held.reduce((first, one) => Math.min(first, one.expiresAt), Infinity)
    },
    page(asked, size) {
      const since = asked > seq ? 0 : asked
      const from = placeAfter(held, since)
      const entries = held.slice(from, from + size)
      const more = from + size < held.length
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
