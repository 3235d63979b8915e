import type { VerifyError } from './errors.ts'
import type { AccessTokenClaims, RevocationStats, WhenStale } from './types.ts'

/** What is known of revocations. */
export interface Revocations {
  /** By what of it the token was revoked; undefined when it was not, as far as is known. */
  find(
    claims: AccessTokenClaims,
    kid: string,
  ): 'sid' | 'jti' | 'sub' | 'client_id' | 'kid' | undefined
  /** Undefined when there is nothing to wait for. Rejects with {@link VerifyError} when too little is known. */
  ready(whenStale: WhenStale | undefined): Promise<void> | undefined
  stats(): RevocationStats
  close(): void
}

/** For verifiers that learn of no revocations: their tokens live until they expire. */
export const noRevocations: Revocations = {
  find: () => undefined,
  ready: () => undefined,
  stats: () => ({
    by: 'off',
    entries: 0,
    seq: undefined,
    ageSeconds: undefined,
    stale: false,
    fetches: 0,
    failures: 0,
  }),
  close: () => {},
}
