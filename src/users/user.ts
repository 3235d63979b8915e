/** A user whose password is kept here. `sub` is a UUID; instants are milliseconds since the epoch. */
export interface User {
  readonly sub: string
  readonly username: string
  readonly roles: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  readonly createdAt: number
  readonly disabledAt: number | undefined
}

/**
 * The one spelling of a username: NFKC and lower case, so that `Admin` and a full-width `admin` are
 * the same user (RFC 8265 §3.3). Undefined when the text holds white space, control or invisible
 * characters, or is empty or longer than 200 characters.
 */
export function normaliseUsername(text: string): string | undefined {
  const username = text.normalize('NFKC').toLowerCase().normalize('NFKC')
  const fits = username.length >= 1 && username.length <= 200
  return fits && !/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(username)
    ? username
    : undefined
}
