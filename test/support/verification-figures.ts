import type { Figures } from './drills-report.ts'
import type { JwksFront } from './jwks-front.ts'
import type { TokenLoad } from './token-load.ts'

/** What every verifier came to, by its name. */
export function inWords(load: TokenLoad, front: JwksFront): Figures {
  return Object.fromEntries(
    [...load.tallies].map(([name, { verifications, failures, kids }]) => {
      const fetched = front.fetched.get(name)
      const oldest = ((fetched?.longestMs ?? 0) / 1000).toFixed(1)
      const words = [
        `${verifications.toLocaleString('en')} verified`,
        `${failures} failed`,
        `keys ${kids.size}`,
        `fetches ${fetched?.answers}`,
        `most keys in one ${fetched?.mostKeys}`,
        `longest between two ${oldest} s`,
      ]
      return [name, words.join(', ')]
    }),
  )
}
