import type { KeyObject } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import type { Algorithm } from './algorithms.ts'

/** The claims of a compact JWS whose signature holds; undefined when it does not. */
export type VerifySignature = (token: string) => Record<string, unknown> | undefined

/**
 * Builds the signature check of one key, which works with that key's one algorithm (RFC 8725 §3.1).
 * It judges no times and no claims: those are the caller's, on the injected clock.
 */
export function createVerifySignature(key: {
  algorithm: Algorithm
  publicKey: KeyObject
}): VerifySignature {
  const verify = createVerifier({
    key: key.publicKey.export({ type: 'spki', format: 'pem' }) as string,
    algorithms: [key.algorithm],
    cache: false,
    ignoreExpiration: true,
    ignoreNotBefore: true,
  })
  return (token) => {
    try {
      return verify(token)
    } catch {
      return undefined
    }
  }
}
