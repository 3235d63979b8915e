import { parseInstant } from '../../base/times.ts'
import { OAuthError, quotable } from '../../oauth/error.ts'

/**
 * The instant of a text that its schema took for a date-time, in milliseconds since the epoch. Of
 * what passes there a leap second is no instant, nor a space in the place of the T. Throws
 * `parameter_invalid`.
 * @param name where it stood, such as `query.since`
 */
export function readInstant(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const at = parseInstant(text)
  if (at !== undefined) return at
  throw new OAuthError('parameter_invalid', `${name} ${quotable(text)} is no instant`)
}

/** The same of an instant that must not be after `now`. */
export function readPastInstant(name: string, text: string | undefined, now: number) {
  const at = readInstant(name, text)
  if (at === undefined || at <= now) return at
  throw new OAuthError('parameter_invalid', `${name} must not be in the future`)
}
