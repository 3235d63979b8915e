/** How often one family of verifiers has fetched the JWKS from one address. */
export interface Verifier {
  readonly family: string
  /** An IPv4 address, or the first of the /64 that an IPv6 one is in. */
  readonly address: string
  /** When it came first and last, in milliseconds since the epoch. */
  readonly firstAt: number
  readonly lastAt: number
  readonly fetches: number
}

/** The fetches that this replica has answered and not yet written down. */
export interface FetchCount {
  /** Counts one fetch at an instant (milliseconds since the epoch). Asks nobody and never fails. */
  add(family: string, address: string, at: number): void
  /** Returns what was counted, in one order everywhere, and begins anew. */
  take(): Verifier[]
  /** Counts again what was taken and could not be written down. */
  putBack(verifiers: readonly Verifier[]): void
}

/**
 * Of so many the memory is a few hundred kilobytes; real ones are dozens. Whoever comes later, as when
 * somebody floods us from everywhere, is not counted until these are written down.
 */
const MOST = 2_000

/** @param most how many pairs of family and address are kept at once */
export function createFetchCount(most = MOST): FetchCount {
  let counted = new Map<string, Verifier>()
  const add = (more: Verifier) => {
    const name = `${more.family} ${more.address}`
    const known = counted.get(name)
    if (known === undefined && counted.size >= most) return
    counted.set(name, known === undefined ? more : merge(known, more))
  }
  return {
    add: (family, address, at) => add({ family, address, firstAt: at, lastAt: at, fetches: 1 }),
    take() {
      const taken = [...counted].toSorted(([a], [b]) => (a < b ? -1 : 1))
      counted = new Map()
      return taken.map(([, verifier]) => verifier)
    },
    putBack(verifiers) {
      for (const verifier of verifiers) add(verifier)
    },
  }
}

function merge(one: Verifier, other: Verifier): Verifier {
  return {
    ...one,
    firstAt: Math.min(one.firstAt, other.firstAt),
    lastAt: Math.max(one.lastAt, other.lastAt),
    fetches: one.fetches + other.fetches,
  }
}
