import type { Contestant } from './contestants.ts'

/** Verifies `count` tokens, so many at once. Returns microseconds a token: the time of all, by their number. */
export async function timeVerifications(
  { verify }: Contestant,
  tokens: readonly string[],
  { count, inFlight }: { count: number; inFlight: number },
): Promise<number> {
  let next = 0
  const take = async () => {
    while (next < count) {
      const token = tokens[next % tokens.length] as string
      next += 1
      await verify(token)
    }
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: inFlight }, take))
  return ((performance.now() - start) * 1000) / count
}
