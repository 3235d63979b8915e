import { inWords, when } from '../base/times.ts'

export { iso, when } from '../base/times.ts'

/** An instant for a person with its distance from `now`: `2026-11-21 12:00:00Z (in 10m)`. */
export function whenAndHowFar(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000)
  const distance = inWords(Math.abs(seconds))
  return `${when(at)} (${seconds >= 0 ? `in ${distance}` : `${distance} ago`})`
}
