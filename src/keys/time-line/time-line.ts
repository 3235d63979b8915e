import type { KeyTiming } from '../../config/key-timing.ts'
import type { Algorithm } from '../../jwt/algorithms.ts'
import { nextTurn, retiresAt } from '../life-cycle.ts'
import { effectiveKeys } from '../operations/effective.ts'
import { foreseeKeys } from '../operations/foresee.ts'
import type { KeySchedule } from '../operations/schedule.ts'
import type { KeyState, SigningKey } from '../signing-key.ts'

/** The states in which a key is published, in their order. */
export type Phase = 'next' | 'active' | 'retiring'

/** For how long a key is in one of its states. Instants are milliseconds since the epoch. */
export interface Segment {
  readonly phase: Phase
  readonly from: number
  readonly until: number
  readonly when: 'past' | 'present' | 'planned'
}

/** The life of one key. */
export interface TimeLineKey {
  /** Undefined of a key that is yet to be made. */
  readonly kid: string | undefined
  readonly algorithm: Algorithm
  /** As it counts now; undefined of a key that is yet to be made. */
  readonly state: KeyState | undefined
  readonly segments: readonly Segment[]
  /** When it was revoked: its last segment was cut short there. */
  readonly revokedAt: number | undefined
}

/** What was, is and is planned of the signing keys, and the range of it that is worth a look. */
export interface TimeLine {
  readonly now: number
  readonly from: number
  readonly until: number
  /** By algorithm, and the order in which they sign. */
  readonly keys: readonly TimeLineKey[]
  /** How many older keys are left out. */
  readonly earlier: number
}

/** So far ahead a plan looks. */
const TURNS = 2
/** So many keys of an algorithm that sign no more are shown: rotations in a row may leave many. */
const FORMER = 4

/** The time line of all keys, through the next two turns of each algorithm and as far back at most. */
export function createTimeLine(schedule: KeySchedule): TimeLine {
  const { now, timing } = schedule
  const counting = new Map(effectiveKeys(schedule.keys, now).map((key) => [key.kid, key.state]))
  const foreseen = foreseeKeys(schedule, undefined, TURNS).keys
  const algorithms = [...new Set(foreseen.map(({ algorithm }) => algorithm))]
  const lives = algorithms.map((algorithm) => {
    const own = foreseen
      .filter((key) => key.algorithm === algorithm)
      .toSorted((a, b) => a.signsFrom - b.signsFrom || a.createdAt - b.createdAt)
    // One that was withdrawn before its turn has none.
    const turns = own.filter((key) => (key.withdrawnAt ?? now + 1) > now && key.signsFrom > now)
    const last = turns[TURNS - 1]?.signsFrom ?? now
    return { own: own.filter(({ kid, signsFrom }) => counting.has(kid) || signsFrom <= last), last }
  })
  const rotation = timing.keyRotateEverySeconds * 1000
  const end = Math.max(now + rotation, ...lives.map(({ last }) => last))
  const reach = Math.max(TURNS * rotation, end - now)
  const shown = lives.flatMap(({ own }) => {
    const former = own.filter((key) => isFormer(key, now))
    const recent = former.filter((key) => goneAt(key, timing) > now - reach).slice(-FORMER)
    return own.filter((key) => recent.includes(key) || !former.includes(key))
  })
  const start = Math.max(now - reach, Math.min(now, ...shown.map(({ createdAt }) => createdAt)))
  const margin = (end - start) * 0.04
  const keys = shown.map((key) => toTimeLineKey(key, counting.get(key.kid), schedule))
  const earlier = schedule.keys.length - keys.filter(({ kid }) => kid !== undefined).length
  return { now, from: start - margin, until: end + 2 * margin, keys, earlier }
}

/** Whether it signs no more. */
function isFormer({ signsUntil, withdrawnAt }: SigningKey, now: number): boolean {
  return (signsUntil ?? Infinity) <= now || (withdrawnAt ?? Infinity) <= now
}

/** When a key that signs no more is published no more. */
function goneAt(key: SigningKey, timing: KeyTiming): number {
  return key.withdrawnAt ?? retiresAt(key, timing)
}

/** @param state how it counts now; undefined of one that is yet to be made */
function toTimeLineKey(
  key: SigningKey,
  state: KeyState | undefined,
  { now, timing }: KeySchedule,
): TimeLineKey {
  const { algorithm, createdAt, signsFrom } = key
  const isMade = state !== undefined
  const revokedAt = key.state === 'revoked' ? key.withdrawnAt : undefined
  const signsUntil = key.signsUntil ?? key.withdrawnAt ?? nextTurn(key, timing)
  const end = goneAt({ ...key, state: 'retiring', signsUntil }, timing)
  const whole = [
    { phase: 'next' as const, from: createdAt, until: signsFrom },
    { phase: 'active' as const, from: signsFrom, until: signsUntil },
    { phase: 'retiring' as const, from: signsUntil, until: end },
  ]
  const segments = whole.flatMap(({ phase, from, until: whole }): Segment[] => {
    const until = Math.min(whole, key.withdrawnAt ?? whole)
    if (from >= until) return []
    const isPlanned = !isMade || from > now
    return [{ phase, from, until, when: isPlanned ? 'planned' : until <= now ? 'past' : 'present' }]
  })
  return { kid: isMade ? key.kid : undefined, algorithm, state, segments, revokedAt }
}
