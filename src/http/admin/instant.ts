import { OAuthError, quotable } from '../../oauth/error.ts'

/**
 * The instant of a text that is a date-time of RFC 3339 already, in milliseconds since the epoch. A
 * leap second is one, and is no instant that a Date can hold. Throws `parameter_invalid`.
 * @param name where it stood, such as `query.since`
 */
export function readInstant(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const at = Date.parse(text)
  if (!Number.isNaN(at)) return at
  throw new OAuthError('parameter_invalid', `${name} ${quotable(text)} is no instant`)
}

/** The same of an instant that must not be after `now`. */
export function readPastInstant(name: string, text: string | undefined, now: number) {
  const at = readInstant(name, text)
  if (at === undefined || at <= now) return at
  throw new OAuthError('parameter_invalid', `${name} must not be in the future`)
}
