import type { Algorithm } from '../types.ts'

/** What a token of the test issuer says; whatever is left out is as in a token of a user's session. */
export interface TokenOptions {
  /** `user-1` if not given; of a token without a session its client. */
  readonly sub?: string
  /** Names of scopes, as a list or with spaces between; none if not given. */
  readonly scope?: string | readonly string[]
  /** The session; a new one if not given, and none at all when it is `null` (a client's own token). */
  readonly sid?: string | null
  /** `client-1` if not given. */
  readonly client_id?: string
  readonly roles?: readonly string[]
  /** In place of the issuer's own. */
  readonly issuer?: string
  /** In place of the audience that the issuer was made with. */
  readonly audience?: string | readonly string[]
  /** How long the token lives, in seconds; 600 if not given. */
  readonly expiresIn?: number
  /** `iat`, in seconds since the epoch; now if not given. */
  readonly issuedAt?: number
  /** Claims beside these, or in place of them; one that is `undefined` is left out. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** The algorithm of the key; the issuer's if not given. A key of another one is made and published. */
  readonly alg?: Algorithm
  /** `at+jwt` if not given. */
  readonly typ?: string
  /** Members of the header beside these, or in place of them; one that is `undefined` is left out. */
  readonly header?: Readonly<Record<string, unknown>>
}
