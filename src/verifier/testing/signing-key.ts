import {
  base64url,
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  type JWK,
} from 'jose'
import type { Algorithm } from '../types.ts'

/** How each algorithm is asked for of Web Crypto (RFC 7518 §3, RFC 8037 §3.1). */
const PARAMETERS = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  ES384: { name: 'ECDSA', hash: 'SHA-384' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  EdDSA: { name: 'Ed25519' },
} as const satisfies Record<Algorithm, object>

/** A key pair that exists in this process alone. */
export interface SigningKey {
  readonly alg: Algorithm
  /** The thumbprint of RFC 7638, as the service names its keys. */
  readonly kid: string
  /** The public half, as a JWKS shows it. */
  readonly jwk: JWK
  readonly privateKey: CryptoKey
}

/** Makes a fresh key pair. */
export async function createSigningKey(alg: Algorithm): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return { alg, kid, jwk: { ...jwk, kid, alg, use: 'sig' }, privateKey }
}

/** The signature of a text, in the form that JWS asks for (RFC 7515 §3.1). */
export async function signBytes(text: string, key: SigningKey): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  return new Uint8Array(await crypto.subtle.sign(PARAMETERS[key.alg], key.privateKey, bytes))
}

/**
 * A compact JWS (RFC 7515 §7.1) of exactly this header and payload. A part that is given as a text is
 * taken as it is, so that what `JSON.stringify` would never write can be signed as well.
 */
export async function signCompact(
  header: object | string,
  payload: object | string | Uint8Array,
  key: SigningKey,
): Promise<string> {
  const input = `${encodePart(header)}.${encodePart(payload)}`
  return `${input}.${base64url.encode(await signBytes(input, key))}`
}

/** A segment of a compact JWS: base64url of the bytes, of the text, or of the JSON. */
export function encodePart(part: object | string | Uint8Array): string {
  if (part instanceof Uint8Array) return base64url.encode(part)
  return base64url.encode(typeof part === 'string' ? part : JSON.stringify(part))
}
