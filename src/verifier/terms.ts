import type { Algorithm } from './types.ts'

/** What a verifier holds a token to; settled when it is made. Times are seconds. */
export interface Terms {
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly algorithms: readonly Algorithm[]
  /** In lower case, without `application/`. */
  readonly typs: readonly string[]
  readonly clockTolerance: number
  readonly maxTokenLifetime: number
  /** In bytes. */
  readonly maxTokenSize: number
}

/** The algorithms that exist here (RFC 7518 §3.1, RFC 8037 §3.1); no HMAC and no `none` to be asked for. */
export const ALGORITHMS: readonly Algorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384']

/** RFC 7515 §4.1.9: `application/` may be left out, and case does not matter. */
export function normalTyp(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '')
}
