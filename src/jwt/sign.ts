import type { KeyObject } from 'node:crypto'
import { createSigner } from 'fast-jwt'
import type { Algorithm } from './algorithms.ts'

/** Signs claims into a compact JWS (RFC 7515 §3.1). */
export type Sign = (claims: Record<string, unknown>) => string

/**
 * Builds the signer of one key. Build it once and keep it: building costs about nine signatures.
 * The claims must hold `iat` and `exp`, in seconds; the signer adds none.
 */
export function createSign(key: {
  kid: string
  algorithm: Algorithm
  privateKey: KeyObject
  typ: string
}): Sign {
  return createSigner({
    key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    algorithm: key.algorithm,
    kid: key.kid,
    header: { alg: key.algorithm, typ: key.typ },
  })
}
