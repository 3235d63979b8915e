import type { JWK } from 'jose'
import type { VerifyCode } from '../../src/verifier/errors.ts'

/** A token and what a verifier must make of it. */
export interface Vector {
  readonly name: string
  /** The rule that it is about, if one is written down. */
  readonly rfc?: string
  readonly token: string
  /** What the verifier asks for, if it asks for any. */
  readonly scope?: string
  /** In place of the file's own. */
  readonly jwks?: { readonly keys: readonly JWK[] }
  readonly expected: 'accepted' | VerifyCode
  readonly why: string
}
