import { InvalidArgumentError } from 'commander'
import { parseInstant } from '../base/times.ts'
import { duration, type Reader, wholeNumber } from '../config/readers.ts'
import { claimsProblem } from '../oauth/claims.ts'

/** Reads an option's text as a variable of the environment is read; wrong usage when it cannot. */
export function reading<T>(reader: Reader<T>): (text: string) => T {
  return (text) => {
    const result = reader(text)
    if ('value' in result) return result.value
    throw new InvalidArgumentError(result.problem)
  }
}

/** A lifetime such as `10m`, in seconds. */
export const lifetime = reading(duration('1s', '3650d'))

/** How many rows to show. */
export const limit = reading(wholeNumber(1, 1000))

/** Custom claims as a JSON object. */
export function claims(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new InvalidArgumentError('must be a JSON object, such as \'{"tier":"gold"}\'')
  }
  const problem = claimsProblem(value)
  if (problem !== undefined) throw new InvalidArgumentError(problem)
  return value as Record<string, unknown>
}

/** An instant of RFC 3339, in milliseconds since the epoch. */
export function instant(text: string): number {
  const at = parseInstant(text)
  if (at === undefined) {
    throw new InvalidArgumentError('must be an instant such as 2026-11-21T12:00:00Z')
  }
  return at
}
