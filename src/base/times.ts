import { formatDuration } from './duration.ts'

/** An instant (milliseconds since the epoch) for a person: `2026-11-21 12:00:00Z`. */
export function when(at: number): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return 'at no time'
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

/** The same for a program: ISO 8601, as in the API's JSON. Throws RangeError on no instant. */
export function iso(at: number): string {
  return new Date(at).toISOString()
}

/** Seconds in two units at most: nobody needs the seconds of a month. */
export function inWords(seconds: number): string {
  const units = [86_400, 3600, 60, 1]
  const unit = units.find((one) => seconds >= one) ?? 1
  const lesser = units[units.indexOf(unit) + 1] ?? 1
  const rest = Math.floor((seconds % unit) / lesser) * lesser
  const first = formatDuration(Math.floor(seconds / unit) * unit)
  const isDays = unit === 86_400 && seconds >= 10 * 86_400
  return rest === 0 || isDays ? first : `${first} ${formatDuration(rest)}`
}
