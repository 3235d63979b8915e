/**
 * Decodes base64url (RFC 4648 §5) in its one canonical spelling: no padding, no `+` or `/`, no white
 * space, no bits set that stand for nothing. Otherwise one token would have many spellings.
 * Undefined for anything else.
 */
export function decodeBase64url(text: string): Uint8Array | undefined {
  const bytes = hasBuffer ? Buffer.from(text, 'base64url') : decodeByAtob(text)
  if (bytes === undefined) return undefined
  const again = hasBuffer ? (bytes as Buffer).toString('base64url') : encodeByBtoa(bytes)
  return again === text ? bytes : undefined
}

/** Buffer takes 1 µs for a token's payload, atob ten times that; but only Node, Bun and Deno have it. */
const hasBuffer = typeof Buffer === 'function'

function decodeByAtob(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

function encodeByBtoa(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
