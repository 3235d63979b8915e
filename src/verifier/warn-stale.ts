import type { StaleEvent } from './types.ts'

/** What is done with such an event when nobody listens: one line on the console, as nobody would know otherwise. */
export function warnStale({ what, stale, ageSeconds, reason }: StaleEvent): void {
  const age = ageSeconds === undefined ? 'never had' : `${Math.round(ageSeconds)} s old`
  const why = reason === undefined ? '' : `: ${reason}`
  console.warn(
    stale
      ? `mintmark/verifier: ${what} are stale (${age})${why}`
      : `mintmark/verifier: ${what} are fresh again`,
  )
}
