import type { VerifyFailure } from '../errors.ts'
import type { KeySet } from '../keys/key-set.ts'
import type { VerifyKey } from '../keys/verify-key.ts'
import type { Revocations } from '../revocations/feed.ts'
import type { Terms } from '../terms.ts'
import type { VerifyOptions } from '../types.ts'
import type { CompactJws } from './compact.ts'

/** What tokens are held against. */
export interface Grounds {
  readonly terms: Terms
  readonly keys: KeySet
  readonly revocations: Revocations
}

/** One token under examination, and what is known of it so far. */
export interface Examination {
  readonly grounds: Grounds
  readonly token: string
  readonly options: VerifyOptions
  /** Seconds since the epoch, with a fraction. */
  readonly now: number
  /** Once it was taken apart. */
  jws?: CompactJws | undefined
  /** Once it was found. */
  key?: VerifyKey | undefined
}

/** What is wrong with a token; `expected` and `actual` are the rule's own unless said here. */
export type Fault = VerifyFailure

/** One thing that must hold of a token. `verify` and `explain` go through the same list of them. */
export interface Rule {
  readonly name: string
  /** What must be known before it can be looked at. */
  readonly needs: 'nothing' | 'jws' | 'key' | 'instants' | 'names'
  /** Whether it must be looked at again when the token was verified before. */
  readonly changes: boolean
  /** In words that may be shown. */
  expected(examination: Examination): string
  actual(examination: Examination): string
  /** At once where it can. Never throws. */
  look(examination: Examination): Fault | undefined | Promise<Fault | undefined>
}

/** A claim, the payload's own and not one of a prototype. */
export function claim({ jws }: Pick<Examination, 'jws'>, name: string): unknown {
  return jws !== undefined && Object.hasOwn(jws.payload, name) ? jws.payload[name] : undefined
}

/** RFC 7519 §2 allows fractions; nobody needs them, and a number that is not exact is no instant. */
export function isInstant(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Whether a rule can be looked at, when the rules before it did not all hold. */
export function canLook(rule: Rule, examination: Examination): boolean {
  return CAN_LOOK[rule.needs](examination)
}

const CAN_LOOK: Record<Rule['needs'], (examination: Examination) => boolean> = {
  nothing: () => true,
  jws: ({ jws }) => jws !== undefined,
  key: ({ key }) => key !== undefined,
  instants: (examination) => ['exp', 'iat'].every((name) => isInstant(claim(examination, name))),
  names: (examination) =>
    ['sub', 'client_id', 'jti'].every((name) => isName(claim(examination, name))) &&
    isName(claim(examination, 'sid') ?? 'none'),
}
