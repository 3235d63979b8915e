import {
  CLOCK_SKEW_SECONDS,
  jwksMaxAge,
  type KeyTiming,
  REPLICA_LAG_SECONDS,
} from '../../config/key-timing.ts'
import type { SigningKey } from '../signing-key.ts'

/** An instant and how it comes about: a beginning and what is added to it. */
export interface Arithmetic {
  /** These two in milliseconds since the epoch. */
  readonly at: number
  readonly from: number
  /** What happens at the beginning, in words. */
  readonly since: string
  readonly terms: readonly Term[]
}

/** A time that passes, by a variable's name or in words. */
export interface Term {
  readonly name: string
  readonly seconds: number
}

const LAG: Term = { name: 'a replica may be behind', seconds: REPLICA_LAG_SECONDS }

/** Adds up what passes after an instant. */
export function add(since: string, from: number, ...terms: readonly Term[]): Arithmetic {
  const seconds = terms.reduce((sum, term) => sum + term.seconds, 0)
  return { at: from + seconds * 1000, from, since, terms }
}

/** From when on a key may sign, at the earliest: every verifier knows it then. */
export function whenKnown(key: SigningKey, timing: KeyTiming): Arithmetic {
  const cached = { name: 'VERIFIER_CACHE_TTL', seconds: timing.verifierCacheTtlSeconds }
  return key.publishedAt === undefined
    ? add('it is made', key.createdAt, LAG, cached, LAG)
    : add('every replica publishes it', key.publishedAt, cached, LAG)
}

/** When every replica goes by what is written now. */
export function whenNoticed(now: number): Arithmetic {
  return add('it is written down', now, LAG)
}

/** Why a next key signs when it does. */
export function whyItSigns(
  key: SigningKey,
  predecessor: SigningKey | undefined,
  timing: KeyTiming,
): Arithmetic {
  const turn = { name: 'KEY_ROTATE_EVERY', seconds: timing.keyRotateEverySeconds }
  const ahead = { name: 'KEY_PUBLISH_AHEAD', seconds: timing.keyPublishAheadSeconds }
  const reasons = [
    ...(predecessor ? [add('its predecessor begins to sign', predecessor.signsFrom, turn)] : []),
    add('it is made', key.createdAt, ahead),
    whenKnown(key, timing),
  ]
  // One whose instant was set by hand, or under other settings, has no sum.
  const itself = add('it was planned so', key.signsFrom)
  return reasons.find(({ at }) => at === key.signsFrom) ?? itself
}

/** Why a key that has stopped is withdrawn when it is. */
export function whyWithdrawn(key: SigningKey, timing: KeyTiming): Arithmetic {
  return add(
    'it signs no more',
    key.signsUntil ?? key.signsFrom,
    LAG,
    { name: 'the longest life of its tokens', seconds: key.tokenTtlSeconds },
    { name: "a verifier's clock may be behind", seconds: CLOCK_SKEW_SECONDS },
    { name: 'max-age of the JWKS', seconds: jwksMaxAge(timing) },
  )
}
