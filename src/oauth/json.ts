import { OAuthError, quotable } from './error.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const malformed = (description: string) => new OAuthError('body_malformed', description)

/** Decodes a body; throws `body_malformed` when it is not UTF-8. */
export function decodeUtf8(body: Buffer): string {
  try {
    return utf8.decode(body)
  } catch {
    throw malformed('the body is not UTF-8')
  }
}

/**
 * Reads a JSON body as RFC 7493 (I-JSON) asks: UTF-8 without a byte order mark, no member twice, no
 * number that a double cannot hold. The usual parser would take the last of two members, so that two
 * readers of one body see two requests. Throws `body_malformed`, `parameter_repeated`.
 */
export function parseJson(body: Buffer): unknown {
  const text = decodeUtf8(body)
  let value: unknown
  try {
    value = JSON.parse(text, requireExactNumber)
  } catch (error) {
    throw error instanceof OAuthError ? error : malformed('the body is not valid JSON')
  }
  refuseRepeatedMembers(text)
  return value
}

function requireExactNumber(_name: string, value: unknown): unknown {
  const isExact =
    typeof value !== 'number' ||
    (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)))
  if (!isExact) throw malformed('a number in the JSON body is too large to be read exactly')
  return value
}

/** A string, and whether a colon makes it a member's name; or a bracket. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g

/** Walks valid JSON text and keeps the names of the objects that are open. */
function refuseRepeatedMembers(text: string): void {
  const open: Set<string>[] = []
  for (const [token, string, colon] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set())
    else if (token === '}') open.pop()
    else if (string !== undefined && colon !== undefined) {
      const name: string = JSON.parse(string)
      // Assigned anywhere on the way, it would change the object it lands in.
      if (name === '__proto__') throw malformed('a JSON member must not be named __proto__')
      const names = open.at(-1)
      if (names?.has(name)) {
        throw new OAuthError(
          'parameter_repeated',
          `JSON member ${quotable(name)} must not appear more than once`,
        )
      }
      names?.add(name)
    }
  }
}
