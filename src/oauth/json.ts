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

/** No body here needs more; deeper ones are made for parsers that recurse. */
const DEPTH_LIMIT = 16

/**
 * Reads a JSON body as RFC 7493 (I-JSON) asks: UTF-8 without a byte order mark, no member twice, no
 * number that a double cannot hold; and none that nests deeply. The usual parser would take the last
 * of two members, so that two readers of one body see two requests. Throws `body_malformed`,
 * `parameter_repeated`.
 */
export function parseJson(body: Buffer): unknown {
  const text = decodeUtf8(body)
  if (text.startsWith('\ufeff')) {
    throw malformed('the JSON body begins with a byte order mark: send UTF-8 without one')
  }
  let value: unknown
  try {
    value = JSON.parse(text, requireExactNumber)
  } catch (error) {
    throw error instanceof OAuthError ? error : malformed('the body is not valid JSON')
  }
  walk(text)
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
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g

/** Walks valid JSON text and keeps what is open: the names of an object, none of an array. */
function walk(text: string): void {
  const open: Set<string>[] = []
  for (const [token, string, colon] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      open.push(new Set())
      if (open.length > DEPTH_LIMIT) {
        throw malformed(`the JSON body nests deeper than ${DEPTH_LIMIT} levels`)
      }
    } else if (token === '}' || token === ']') open.pop()
    else if (string !== undefined && colon !== undefined) addName(open.at(-1), JSON.parse(string))
  }
}

function addName(names: Set<string> | undefined, name: string): void {
  // Assigned anywhere on the way, it would change the object it lands in.
  if (name === '__proto__') throw malformed('a JSON member must not be named __proto__')
  if (names?.has(name)) {
    throw new OAuthError(
      'parameter_repeated',
      `JSON member ${quotable(name)} must not appear more than once`,
    )
  }
  names?.add(name)
}
