import type { Instants } from './instants.ts'

/** What is revoked; a text is a `sid`. `before` is in seconds since the epoch; now if not given. */
export type Revocation =
  | string
  | { readonly sid: string }
  | { readonly jti: string }
  | { readonly sub: string; readonly before?: number }
  | { readonly client_id: string; readonly before?: number }
  | { readonly kid: string }

/** One line of the feed, and its number. */
interface Entry {
  readonly seq: number
  readonly entry: Readonly<Record<string, unknown>> & { readonly exp: number }
}

/** What a test issuer has revoked. */
export interface RevocationList {
  add(revocation: Revocation): void
  /** What comes after a number, and up to which number that is everything. */
  after(since: number): { since: number; seq: number; entries: Entry['entry'][] }
  /** The number of the newest. */
  readonly seq: number
}

/** For how long an entry matters: longer than any token that a test would make. */
const LIFETIME_SECONDS = 86_400

export function createRevocationList(clock: () => number, instants: Instants): RevocationList {
  let entries: Entry[] = []
  let last = 0
  return {
    get seq() {
      return last
    },
    add(revocation) {
      const now = clock()
      const what = typeof revocation === 'string' ? { sid: revocation } : revocation
      const cutsOff = ('sub' in what || 'client_id' in what) && what.before === undefined
      const before = cutsOff ? { before: instants.cutOff() / 1000 } : {}
      last = Math.max(last + 1, Math.floor(now))
      const exp = Math.ceil(now / 1000) + LIFETIME_SECONDS
      entries.push({ seq: last, entry: { ...what, ...before, exp } })
    },
    after(since) {
      const now = clock() / 1000
      entries = entries.filter(({ entry }) => entry.exp > now)
      // A number that is not of this feed is answered from the beginning.
      const from = since > last ? 0 : since
      const news = entries.filter(({ seq }) => seq > from)
      return { since: from, seq: last, entries: news.map(({ entry }) => entry) }
    },
  }
}
