import { createLru } from '../lru.ts'

/** Which unknown keys the issuer was asked for, and for which tokens its answer says enough. */
export interface Lookups {
  /** The issuer answered just now, and the key was not there. */
  noteInVain(kid: string): void
  /** Whether the key was looked for in vain a short while ago, when the token was there already. */
  wasInVain(kid: string, madeAt: number): boolean
}

/** So many unknown keys are remembered, for so many cool-downs. */
const UNKNOWN_KIDS = 1000
const UNKNOWN_FOR = 2
/** So long it may take until every cache shows a key that signs, in milliseconds. */
const LAG = 10_000

/**
 * @param coolDown in milliseconds, as all times here
 * @param clock since the epoch
 */
export function createLookups(coolDown: number, clock: () => number): Lookups {
  const inVain = createLru<number>(UNKNOWN_KIDS)
  return {
    noteInVain: (kid) => inVain.set(kid, clock()),
    wasInVain(kid, madeAt) {
      const at = inVain.get(kid)
      return at !== undefined && madeAt <= at && clock() < at + UNKNOWN_FOR * coolDown
    },
  }
}

/** Whether keys that were fetched at one instant tell of the key of a token that was made at another. */
export function tellOf(madeAt: number, fetchedAt: number): boolean {
  return madeAt + LAG <= fetchedAt
}
