/** A JSON object, or why the text is none that may be taken. */
export type StrictJson =
  | { readonly object: Readonly<Record<string, unknown>>; readonly fault?: undefined }
  | { readonly fault: string; readonly object?: undefined }

/** Deeper than any claim; a logger that walks deeper structures may run out of stack. */
const DEEPEST = 16

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads bytes as one JSON object (RFC 8259), and refuses what two parsers may understand differently:
 * a name that is there twice, a number too large for a double, half a surrogate pair, bytes that are
 * not UTF-8, a byte order mark, deep nesting.
 */
export function readStrictJson(bytes: Uint8Array): StrictJson {
  let text: string
  let value: unknown
  try {
    text = utf8.decode(bytes)
  } catch {
    return { fault: 'not UTF-8' }
  }
  try {
    value = JSON.parse(text)
  } catch {
    return { fault: 'not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { fault: 'not a JSON object' }
  }
  const fault = scan(text)
  return fault === undefined ? { object: value as Record<string, unknown> } : { fault }
}

const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c

/**
 * Walks once over text that JSON.parse has taken, so that its grammar is known to be right: about 1 µs
 * for the payload of a token. Says what is wrong with it.
 */
function scan(text: string): string | undefined {
  /** For each open object its names; undefined for an open array. */
  const open: (Set<string> | undefined)[] = []
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(text, at)
      const fault = scanString(text, at, end, open[open.length - 1])
      if (fault !== undefined) return fault
      at = end
    } else if (code === 0x7b || code === 0x5b) {
      if (open.length === DEEPEST) return `nested deeper than ${DEEPEST} levels`
      open.push(code === 0x7b ? new Set() : undefined)
      at += 1
    } else if (code === 0x7d || code === 0x5d) {
      open.pop()
      at += 1
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const end = endOfNumber(text, at)
      if (!Number.isFinite(Number(text.slice(at, end)))) return 'a number is too large'
      at = end
    } else {
      at += 1
    }
  }
  return undefined
}

/** @param names of the innermost object, to which a name is added; undefined in an array */
function scanString(
  text: string,
  start: number,
  end: number,
  names: Set<string> | undefined,
): string | undefined {
  const raw = text.slice(start + 1, end - 1)
  const isEscaped = raw.includes('\\')
  const value = isEscaped ? (JSON.parse(text.slice(start, end)) as string) : raw
  if (isEscaped && /\p{Surrogate}/u.test(value)) return 'a string holds half a surrogate pair'
  if (names === undefined || !isName(text, end)) return undefined
  if (names.has(value)) return `a name is there twice: ${JSON.stringify(value).slice(0, 60)}`
  names.add(value)
  return undefined
}

/** The place after the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    let backslashes = 0
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1
    at = quote + 1
    if (backslashes % 2 === 0) return at
  }
}

/** The place after the last character that a number may have. */
function endOfNumber(text: string, start: number): number {
  let at = start + 1
  while (isOfNumber(text.charCodeAt(at))) at += 1
  return at
}

function isOfNumber(code: number): boolean {
  const isDigit = code >= 0x30 && code <= 0x39
  // + - . E e
  return isDigit || code === 0x2b || code === 0x2d || code === 0x2e || (code | 0x20) === 0x65
}

/** In an object, a string before a colon is a name. */
function isName(text: string, end: number): boolean {
  let at = end
  while (text.charCodeAt(at) <= 0x20) at += 1
  return text.charCodeAt(at) === COLON
}
