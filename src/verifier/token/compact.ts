import { decodeBase64url } from './base64url.ts'
import { readStrictJson } from './strict-json.ts'

/** A compact JWS taken apart: well-formed, and not verified. */
export interface CompactJws {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
  /** The bytes that were signed (RFC 7515 §5.1). */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

const ascii = new TextEncoder()

/**
 * Takes a compact JWS apart (RFC 7515 §7.1), strictly: three segments, each canonical base64url,
 * header and payload each a JSON object that all parsers understand alike.
 * Returns the JWS, or in words why it is none.
 */
export function readCompact(token: string): CompactJws | string {
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first < 0 || second < 0 || token.includes('.', second + 1)) return wrongCount(token)
  const parts = {
    header: decodeBase64url(token.slice(0, first)),
    payload: decodeBase64url(token.slice(first + 1, second)),
    signature: decodeBase64url(token.slice(second + 1)),
  }
  for (const [name, bytes] of Object.entries(parts)) {
    if (bytes === undefined) return `the ${name} is not canonical base64url`
    if (bytes.length === 0) return `the ${name} is empty`
  }
  const header = readStrictJson(parts.header as Uint8Array)
  if (header.fault !== undefined) return `the header: ${header.fault}`
  const payload = readStrictJson(parts.payload as Uint8Array)
  if (payload.fault !== undefined) return `the payload: ${payload.fault}`
  return {
    header: header.object,
    payload: payload.object,
    signed: ascii.encode(token.slice(0, second)),
    signature: parts.signature as Uint8Array,
  }
}

function wrongCount(token: string): string {
  const count = token.split('.').length
  if (count === 5) return 'encrypted: 5 segments (JWE)'
  return count === 1 ? '1 segment' : `${count} segments`
}
