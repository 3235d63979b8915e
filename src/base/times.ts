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

const DATE_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/
const FIRST = Date.parse('0001-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * The instant of a date-time of RFC 3339 §5.6, in milliseconds since the epoch; undefined of any
 * other text, of a leap second and of what is not in the years 1 to 9999 of UTC, which a database
 * may not take.
 */
export function parseInstant(text: string): number | undefined {
  const upper = text.toUpperCase()
  const local = DATE_TIME.exec(upper)?.[1]
  if (local === undefined) return undefined
  const asUtc = Date.parse(`${local}Z`)
  // Date takes February 30 and the hour 24 as well, for the day that comes then.
  const exists = !Number.isNaN(asUtc) && new Date(asUtc).toISOString().startsWith(local)
  const at = Date.parse(upper)
  return exists && at >= FIRST && at <= LAST ? at : undefined
}
