import { formatDuration } from '../base/duration.ts'
import { KEY_VARIABLES } from './key-variables.ts'

/** When signing keys take their turns, as it was configured. In seconds. */
export interface KeyTiming {
  readonly keyRotateEverySeconds: number
  readonly keyPublishAheadSeconds: number
  readonly verifierCacheTtlSeconds: number
}

/**
 * For so long a replica may go by what it has read of the keys: it reads them again before it signs.
 * In seconds.
 */
export const REPLICA_LAG_SECONDS = 10

/** By how much a verifier's clock may be behind and still be right about `exp`. In seconds. */
export const CLOCK_SKEW_SECONDS = 60

/** The longest `max-age` that the JWKS is answered with. In seconds. */
export const JWKS_MAX_AGE_SECONDS = 300

/**
 * For so long a cache may go by a JWKS that it asks for again meanwhile (RFC 5861 §3), at most. In
 * seconds.
 */
export const JWKS_REVALIDATING_SECONDS = 3600

/** And for so long while we fail, so that an outage of ours is none of a verifier's (RFC 5861 §4). */
export const JWKS_IF_ERROR_SECONDS = 86_400

/** A verifier goes on with the keys that it holds for so long while it can fetch none. In seconds. */
const KEYS_HELD_SECONDS = 86_400

/**
 * For how long a key that was revoked may still be in use, by whoever has it from a cache that had not
 * heard yet. How long its tokens live does not matter: who has stolen it makes them as they like. In
 * seconds.
 */
export const REVOKED_KEY_SECONDS =
  REPLICA_LAG_SECONDS +
  JWKS_MAX_AGE_SECONDS +
  JWKS_REVALIDATING_SECONDS +
  JWKS_IF_ERROR_SECONDS +
  KEYS_HELD_SECONDS

/** The `max-age` that the JWKS is answered with while nothing is about to change. In seconds. */
export function jwksMaxAge({ verifierCacheTtlSeconds }: KeyTiming): number {
  return Math.min(JWKS_MAX_AGE_SECONDS, verifierCacheTtlSeconds)
}

/**
 * For how long a key must be published before every verifier has it: as long as a replica may answer
 * without it, and a verifier may then keep that answer. In seconds.
 */
export function leadSeconds({ verifierCacheTtlSeconds }: KeyTiming): number {
  return verifierCacheTtlSeconds + REPLICA_LAG_SECONDS
}

/**
 * For how long a key must stay published after its successor has begun to sign: until a replica that
 * has not noticed has, the last token that it then signed has expired for a verifier whose clock is
 * behind, and what caches hold is as good as new. In seconds.
 * @param tokenTtlSeconds the longest life of a token that it may have signed
 */
export function retentionSeconds(timing: KeyTiming, tokenTtlSeconds: number): number {
  return REPLICA_LAG_SECONDS + tokenTtlSeconds + CLOCK_SKEW_SECONDS + jwksMaxAge(timing)
}

/** What is wrong with a timing, by the field that is at fault, with the arithmetic. */
export function keyTimingProblems(
  timing: Partial<KeyTiming>,
  isGiven: (field: keyof KeyTiming) => boolean,
): { field: keyof KeyTiming; problem: string }[] {
  const { keyRotateEverySeconds, keyPublishAheadSeconds, verifierCacheTtlSeconds } = timing
  const told = (field: keyof KeyTiming, seconds: number) =>
    `${KEY_VARIABLES[field].name} ${formatDuration(seconds)} (${seconds} s${isGiven(field) ? '' : ', the default'})`
  const lag = `${REPLICA_LAG_SECONDS} s`
  const problems: { field: keyof KeyTiming; problem: string }[] = []
  if (keyPublishAheadSeconds === undefined) return problems
  const field = 'keyPublishAheadSeconds'
  const ahead = told(field, keyPublishAheadSeconds)
  if (verifierCacheTtlSeconds !== undefined) {
    const needed = verifierCacheTtlSeconds + REPLICA_LAG_SECONDS
    if (keyPublishAheadSeconds < needed) {
      problems.push({
        field,
        problem:
          'would break verifiers: a key would sign before they know it. One that has just fetched ' +
          'the JWKS keeps it, and a replica may answer without the new key for a moment: ' +
          `${told('verifierCacheTtlSeconds', verifierCacheTtlSeconds)} + ${lag} = ${needed} s > ${ahead}`,
      })
    }
  }
  if (keyRotateEverySeconds !== undefined) {
    const needed = keyPublishAheadSeconds + REPLICA_LAG_SECONDS
    if (keyRotateEverySeconds < needed) {
      problems.push({
        field: 'keyRotateEverySeconds',
        problem:
          'is too short: there is one next key at a time, which must be published ahead while its ' +
          `predecessor signs: ${ahead} + ${lag} = ${needed} s > ${told('keyRotateEverySeconds', keyRotateEverySeconds)}`,
      })
    }
  }
  return problems
}
