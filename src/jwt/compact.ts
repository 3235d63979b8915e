import { decodeBase64url } from '../base/encoding.ts'

/** The header of a token of ours, after it was read strictly. */
export interface CompactHeader {
  alg: string
  kid: string
  typ: string
}

/** A longer one was not made here: the mint refuses to make a token over 4 KB. */
const LENGTH_LIMIT = 8192

/**
 * Reads a compact JWS before any library sees it; undefined when it cannot be one of ours. Each
 * segment must be the canonical base64url of its bytes, or one token would have many spellings.
 * The header must hold `alg`, `kid`, `typ` and nothing else: whatever brings keys, URLs,
 * compression or critical extensions (`jwk`, `jku`, `x5c`, `zip`, `crit`, `b64`) was not made here,
 * and repeated members cannot hide because the re-encoded header must equal what was sent.
 */
export function readCompact(token: string): CompactHeader | undefined {
  if (token.length > LENGTH_LIMIT) return undefined
  const segments = token.split('.')
  if (segments.length !== 3) return undefined
  const bytes = segments.map(decodeBase64url)
  if (bytes.some((segment) => segment === undefined || segment.length === 0)) return undefined
  const header = readObject(bytes[0] as Buffer)
  if (header === undefined || readObject(bytes[1] as Buffer) === undefined) return undefined
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || typeof kid !== 'string' || typeof typ !== 'string') {
    return undefined
  }
  if (Object.keys(header).length !== 3) return undefined
  return { alg, kid, typ }
}

/** Undefined unless the bytes are a JSON object in the exact form that our signer writes. */
function readObject(bytes: Buffer): Record<string, unknown> | undefined {
  const text = bytes.toString('utf8')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return JSON.stringify(value) === text ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
