import { type KeyTiming, leadSeconds, REPLICA_LAG_SECONDS } from '../../config/key-timing.ts'
import type { Verifier } from '../fetches/count.ts'
import { knownBy } from '../fetches/known-by.ts'
import { publishedFrom } from '../life-cycle.ts'
import type { SigningKey } from '../signing-key.ts'

/** How many verifiers of one family have a key, and how many may not. */
export interface FamilyKnows {
  readonly family: string
  readonly have: number
  readonly lack: number
}

const DAY_SECONDS = 86_400

/**
 * By family: who of the verifiers that are still about has fetched the JWKS since a key was published.
 * About is who was seen in the last day, or in the time in which each fetches twice.
 * @param now in milliseconds since the epoch
 */
export function knownTo(
  verifiers: readonly Verifier[],
  key: SigningKey,
  timing: KeyTiming,
  now: number,
): FamilyKnows[] {
  const about = Math.max(DAY_SECONDS, 2 * leadSeconds(timing))
  const madeAt = publishedFrom(key) - REPLICA_LAG_SECONDS * 1000
  const { have, lack } = knownBy(verifiers, madeAt, now - about * 1000)
  const families = new Set([...have, ...lack].map(({ family }) => family))
  const count = (among: readonly Verifier[], family: string) =>
    among.filter((one) => one.family === family).length
  return [...families]
    .sort()
    .map((family) => ({ family, have: count(have, family), lack: count(lack, family) }))
}
