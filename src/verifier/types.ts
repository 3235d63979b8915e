import type { VerifyError } from './errors.ts'

/** The algorithms there are; HS* and none cannot be asked for (RFC 8725 §3.1). */
export type Algorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA' | 'ES384'

/** The claims of an access token of Mintmark (RFC 9068 §2.2). Instants are seconds since the epoch. */
export interface AccessTokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  readonly exp: number
  readonly iat: number
  readonly jti: string
  readonly client_id: string
  readonly scope?: string
  readonly sid?: string
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  readonly roles?: readonly string[]
  readonly [custom: string]: unknown
}

/** A token that was found good. */
export interface VerifiedToken<Claims extends object = object> {
  readonly claims: AccessTokenClaims & Claims
  readonly header: { readonly alg: Algorithm; readonly kid: string; readonly typ: string }
  /** What `scope` says, taken apart (RFC 6749 §3.3). */
  readonly scopes: readonly string[]
}

/** What happens to a request while it is not known whether its token was revoked. */
export type WhenStale = 'open' | 'closed'

/** How a verifier learns of revocations. */
export interface RevocationOptions {
  /** `poll` asks every so often, `stream` is told at once. */
  readonly by: 'poll' | 'stream'
  /** In seconds; 30 if not given. */
  readonly pollEvery?: number
  /** So many seconds without news make what is known stale; 120 if not given. */
  readonly staleAfter?: number
  /** While it is stale, or nothing is known yet: `open` (if not given) lets tokens pass, `closed` answers 503. */
  readonly whenStale?: WhenStale
  /** Where the feed is; `/.well-known/revocations` of the issuer if not given. */
  readonly url?: string | URL
}

export interface VerifierOptions {
  /** The `iss` of every token, to the letter (RFC 9068 §4). */
  readonly issuer: string
  /** What this service is called in `aud`; of several, a token must be for one of them. */
  readonly audience: string | readonly string[]
  /** Taken of those that the keys are for; all of them, or those in the issuer's metadata, if not given. */
  readonly algorithms?: readonly Algorithm[]
  /** The `typ` of the header; `at+jwt` if not given (RFC 9068 §2.1). */
  readonly typ?: string | readonly string[]
  /** Where the keys are; the metadata's `jwks_uri` or else `/.well-known/jwks.json` of the issuer if not given. */
  readonly jwksUri?: string | URL
  /** Keys to begin with, for a start while the issuer cannot be reached. */
  readonly jwks?: { readonly keys: readonly object[] }
  /** By how many seconds clocks may differ; 30 if not given. */
  readonly clockTolerance?: number
  /** The longest life of a token, from `iat` to `exp`, in seconds; 3600 if not given. */
  readonly maxTokenLifetime?: number
  /** In bytes; 8192 if not given. */
  readonly maxTokenSize?: number
  /** For how many seconds an answer of the JWKS is used that says nothing of it itself; 600 if not given. */
  readonly jwksMaxAge?: number
  /** For how many seconds keys are used that could not be fetched anew; 86400 if not given. */
  readonly staleIfError?: number
  /** After a fetch for the sake of an unknown key none is made for so many seconds; 30 if not given. */
  readonly unknownKidCooldown?: number
  /** In milliseconds, for each try of a fetch; 3000 if not given. */
  readonly timeout?: number
  /** How often a fetch is tried again; 2 if not given. */
  readonly retries?: number
  /** `off` if not given; `feed` is another name of `poll`. */
  readonly revocation?: 'off' | 'poll' | 'stream' | 'feed' | RevocationOptions
  /** How many verified tokens are remembered, so that one that comes again costs next to nothing; none if not given. */
  readonly tokenCache?: number
  /** Instead of the global one, for a proxy or an agent. */
  readonly fetch?: typeof globalThis.fetch
  /** Milliseconds since the epoch; `Date.now` if not given. */
  readonly clock?: () => number
  /** Hears that keys or revocations are used that should have been fetched anew, and when they are again. */
  readonly onStale?: (event: StaleEvent) => void
  /** Hears of each token that is refused, and of each 503. */
  readonly onRefused?: (error: VerifyError) => void
}

/** What could not be fetched anew, or could again. */
export interface StaleEvent {
  readonly what: 'jwks' | 'revocations'
  readonly stale: boolean
  /** How old what is known is; undefined when nothing is. */
  readonly ageSeconds: number | undefined
  readonly reason: string | undefined
}

export interface VerifyOptions {
  /** Each of them must be in the token's `scope`; a string may name several, with spaces between. */
  readonly scope?: string | readonly string[]
  /** For this one call, in place of what the verifier was made with. */
  readonly whenRevocationsStale?: WhenStale
}

/** One thing that must hold of a token, and whether it does. */
export interface Finding {
  readonly name: string
  /** `skipped`: not asked for, or an earlier failure left nothing to look at. */
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly expected: string
  readonly actual: string
  /** The code of the error that `verify` would throw, when it failed. */
  readonly code?: string
  readonly hint?: string
}

/** What `explain` found. */
export interface Explanation {
  readonly good: boolean
  /** The code that `verify` would throw; undefined when the token is good. */
  readonly code: string | undefined
  readonly findings: readonly Finding[]
  /** As the token says them, believed or not; undefined when it cannot be read. */
  readonly header: Readonly<Record<string, unknown>> | undefined
  readonly claims: Readonly<Record<string, unknown>> | undefined
}

/** What a verifier has done since it was made, and what it knows. */
export interface VerifierStats {
  readonly verified: number
  readonly fromCache: number
  /** By code. */
  readonly refused: Readonly<Record<string, number>>
  readonly jwks: {
    readonly kids: readonly string[]
    readonly fetches: number
    readonly failures: number
    /** Seconds since the keys were last fetched; undefined when they never were. */
    readonly ageSeconds: number | undefined
    readonly stale: boolean
  }
  readonly revocations: RevocationStats
}

export interface RevocationStats {
  readonly by: 'off' | 'poll' | 'stream'
  readonly entries: number
  /** Up to which number of the feed everything is known. */
  readonly seq: number | undefined
  /** Seconds since what is known was true; undefined when nothing is. */
  readonly ageSeconds: number | undefined
  readonly stale: boolean
  readonly fetches: number
  readonly failures: number
}

export interface Verifier<Claims extends object = object> {
  /**
   * Verifies an access token offline. Throws VerifyError, or a TypeError when what is asked for is wrong.
   * @param token the compact JWS, without `Bearer`
   */
  verify(token: string, options?: VerifyOptions): Promise<VerifiedToken<Claims>>
  /** Looks at everything of a token, one thing after the other, where `verify` stops at the first fault. */
  explain(token: string, options?: VerifyOptions): Promise<Explanation>
  stats(): VerifierStats
  /** Fetches what is needed, if it is not there; throws VerifyError (503) when it cannot be had. */
  ready(): Promise<void>
  /** Lets go of timers and connections. */
  close(): void
  readonly options: Readonly<VerifierOptions>
}
