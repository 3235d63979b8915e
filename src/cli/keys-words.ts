import { inWords } from '../base/times.ts'
import type { Arithmetic } from '../keys/operations/arithmetic.ts'
import type { FamilyKnows } from '../keys/operations/known-to.ts'
import { iso, when } from './times.ts'

/** How an instant comes about: `it is published 2026-11-21 12:00:00Z + KEY_PUBLISH_AHEAD 24h`. */
export function sum({ since, from, terms }: Arithmetic): string {
  const told = terms.map(({ name, seconds }) => `${name} ${inWords(seconds)}`)
  return [`${since} ${when(from)}`, ...told].join(' + ')
}

/** The same for a program. */
export function sumJson({ since, from, terms }: Arithmetic) {
  return { since, from: iso(from), terms }
}

/** An instant that there may not be, for a program. */
export function isoOrNull(at: number | undefined): string | null {
  return at === undefined ? null : iso(at)
}

/** How many of the verifiers that are about have a key: `5 of 6: go 1 of 2, jose 4 of 4`. */
export function knownText(families: readonly FamilyKnows[]): string {
  const total = (one: Pick<FamilyKnows, 'have' | 'lack'>) => `${one.have} of ${one.have + one.lack}`
  if (families.length === 0) return 'no verifier has been seen'
  const have = families.reduce((number, one) => number + one.have, 0)
  const lack = families.reduce((number, one) => number + one.lack, 0)
  return `${total({ have, lack })}: ${families.map((one) => `${one.family} ${total(one)}`).join(', ')}`
}
