/** A compact JWS taken apart and not verified: anybody may have written it. */
export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * Takes a compact JWS apart to show it, whoever made it. Verifies nothing, so nothing may be
 * decided by it. Undefined when it is not three parts with a JSON object in the first two.
 */
export function decodeUnverified(token: string): DecodedJwt | undefined {
  const [header, claims, signature, ...rest] = token.split('.')
  if (signature === undefined || rest.length > 0) return undefined
  const decoded = [header, claims].map((part) => readObject(part ?? ''))
  if (decoded[0] === undefined || decoded[1] === undefined) return undefined
  return { header: decoded[0], claims: decoded[1] }
}

function readObject(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
