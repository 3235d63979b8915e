import { formatDuration } from '../base/duration.ts'

/** An instant (milliseconds since the epoch) for a person: `2026-11-21 12:00:00Z`. */
export function when(at: number): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return 'at no time'
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

/** The same with its distance from `now`: `2026-11-21 12:00:00Z (in 10m)`. */
export function whenAndHowFar(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000)
  const distance = inWords(Math.abs(seconds))
  return `${when(at)} (${seconds >= 0 ? `in ${distance}` : `${distance} ago`})`
}

/** ISO 8601, as in the API's JSON. */
export function iso(at: number): string {
  return new Date(at).toISOString()
}

/** Two units at most: nobody needs the seconds of a month. */
function inWords(seconds: number): string {
  const units = [86_400, 3600, 60, 1]
  const unit = units.find((one) => seconds >= one) ?? 1
  const lesser = units[units.indexOf(unit) + 1] ?? 1
  const rest = Math.floor((seconds % unit) / lesser) * lesser
  const first = formatDuration(Math.floor(seconds / unit) * unit)
  const isDays = unit === 86_400 && seconds >= 10 * 86_400
  return rest === 0 || isDays ? first : `${first} ${formatDuration(rest)}`
}
