import { OAuthError, quotable } from './error.ts'

/** One scope token of RFC 6749 §3.3: printable ASCII without space, `"` and `\`. */
export const SCOPE_TOKEN_PATTERN = '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,128}$'

/** The scope by which a backend may start sessions. */
export const START_SCOPE = 'sessions:start'

const SCOPE_TOKEN = new RegExp(SCOPE_TOKEN_PATTERN)

/** More scopes than this in one request are a mistake or an attack. */
const SCOPE_LIMIT = 100

/**
 * Reads a scope parameter (RFC 6749 §3.3): space-separated, the order of no meaning.
 * Returns its values sorted and without repeats, none of an empty text; throws `scope_malformed`.
 */
export function parseScope(text: string): string[] {
  const values = text.split(' ').filter((value) => value !== '')
  if (values.length === 0 && text !== '') {
    throw new OAuthError('scope_malformed', 'scope names nothing: leave it out to get all of it')
  }
  if (values.length > SCOPE_LIMIT) {
    throw new OAuthError('scope_malformed', `scope holds more than ${SCOPE_LIMIT} values`)
  }
  for (const value of values) {
    if (!SCOPE_TOKEN.test(value)) {
      throw new OAuthError(
        'scope_malformed',
        `scope ${quotable(value)} is none: use up to 128 printable ASCII characters without quotes and backslashes, separated by spaces (RFC 6749 section 3.3)`,
      )
    }
  }
  return [...new Set(values)].sort()
}

/** The wire form of a scope list. */
export function formatScope(scope: readonly string[]): string {
  return scope.join(' ')
}
