import type { JsonWebKey } from 'node:crypto'
import { sha256 } from '../base/hash.ts'

/** The members that identify a key, in lexicographic order (RFC 7638 §3.2, RFC 8037 §2). */
const IDENTIFYING = {
  EC: ['crv', 'kty', 'x', 'y'],
  RSA: ['e', 'kty', 'n'],
  OKP: ['crv', 'kty', 'x'],
} as const

/** The JWK thumbprint (RFC 7638): base64url of SHA-256, 43 characters. Throws for other key types. */
export function thumbprint(jwk: JsonWebKey): string {
  const members = IDENTIFYING[jwk.kty as keyof typeof IDENTIFYING]
  if (members === undefined) throw new Error(`no thumbprint for key type ${jwk.kty}`)
  const canonical = Object.fromEntries(members.map((name) => [name, jwk[name]]))
  return sha256(JSON.stringify(canonical)).toString('base64url')
}
