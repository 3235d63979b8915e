import { REPLICA_LAG_SECONDS } from '../../config/key-timing.ts'
import type { Algorithm } from '../../jwt/algorithms.ts'
import { decideSteps, nextTurn, publishedFrom, retiresAt, type Step } from '../life-cycle.ts'
import type { SigningKey } from '../signing-key.ts'
import { type Arithmetic, add, whyItSigns, whyWithdrawn } from './arithmetic.ts'
import { effectiveKeys } from './effective.ts'
import type { KeySchedule } from './schedule.ts'

/** Something that will be done, if nobody changes anything. */
export interface PlannedStep {
  readonly do: 'publish' | 'sign' | 'stop' | 'withdraw'
  readonly algorithm: Algorithm
  /** The kid, or what a key that is not made yet is called. */
  readonly kid: string
  readonly isMade: boolean
  /** With the instant. */
  readonly why: Arithmetic
}

/** What becomes of a key until it signs no more. */
type Turn = Exclude<Step, { do: 'retire' }>

/** What is to come of the keys. */
export interface Foresight {
  /** By algorithm, then by time. */
  readonly steps: readonly PlannedStep[]
  /**
   * The keys as their rows will be after these steps, with the instants to come, by algorithm, oldest
   * first. Those that are not made yet have the kids that the steps call them.
   */
  readonly keys: readonly SigningKey[]
}

/**
 * Foresees whole turns of each algorithm, and when the keys that have stopped by then are withdrawn: by
 * the decisions that the schedule is kept by, on a clock that runs ahead. The work grows with the turns
 * and the keys that there are, and not with how long tokens live.
 * @param only the algorithms to look at; else all that are in use or have keys
 * @param turns how many of them
 */
export function foreseeKeys(
  schedule: KeySchedule,
  only?: readonly Algorithm[],
  turns = 1,
): Foresight {
  const all = new Set([...schedule.inUse, ...schedule.keys.map(({ algorithm }) => algorithm)])
  const foreseen = [...all]
    .filter((algorithm) => only === undefined || only.includes(algorithm))
    .map((algorithm) => foreseeTurns(schedule, algorithm, turns))
  return {
    steps: foreseen.flatMap(({ steps }) => steps),
    keys: foreseen.flatMap(({ keys }) => keys),
  }
}

function foreseeTurns(schedule: KeySchedule, algorithm: Algorithm, turns: number): Foresight {
  const isOwn = (one: { algorithm: Algorithm }) => one.algorithm === algorithm
  const steps: PlannedStep[] = []
  let { keys, now } = schedule
  const further = (turns - 1) * schedule.timing.keyRotateEverySeconds * 1000
  const until = endOfTurn(keys.filter(isOwn), schedule) + further
  while (now <= until) {
    const due = decideSteps(keys, schedule.inUse, schedule.timing, now).filter(isOwn).filter(isTurn)
    for (const step of due) {
      const before = keys
      keys = take(before, step, schedule, now)
      steps.push(...tell(step, before, keys, schedule, now))
    }
    if (due.length > 0) continue
    const next = nextInstant(keys.filter(isOwn), schedule)
    // A key that goes on, as nothing can replace it yet, has no instant to come.
    now = next > now ? next : Infinity
  }
  const { withdrawals, keys: withdrawn } = withdraw(keys.filter(isOwn), schedule)
  const all = [...steps, ...withdrawals].toSorted((a, b) => a.why.at - b.why.at)
  return { steps: all, keys: withdrawn }
}

function isTurn(step: Step): step is Turn {
  return step.do !== 'retire'
}

/** Until whoever signs now, or is to sign next, is followed by a key that is published everywhere. */
function endOfTurn(own: readonly SigningKey[], { timing, now }: KeySchedule): number {
  const turns = own.flatMap(({ state, signsFrom }) => (state === 'next' ? [signsFrom] : []))
  const turn = Math.max(now + timing.keyRotateEverySeconds * 1000, ...turns)
  return turn + REPLICA_LAG_SECONDS * 1000
}

/** Withdraws every key that has stopped, which nothing but the clock decides. */
function withdraw(own: readonly SigningKey[], { timing, now }: KeySchedule) {
  const withdrawals: PlannedStep[] = []
  const keys = own.map((key): SigningKey => {
    const at = retiresAt(key, timing)
    if (at === Infinity) return key
    withdrawals.push(toStep('withdraw', key, whyWithdrawn(key, timing)))
    return { ...key, state: 'retired', withdrawnAt: Math.max(at, now) }
  })
  return { withdrawals, keys }
}

/** When the next turn is due; Infinity when none is. */
function nextInstant(own: readonly SigningKey[], { timing }: KeySchedule): number {
  const instants = own.map((key) => {
    if (key.state === 'next')
      return key.publishedAt === undefined ? publishedFrom(key) : key.signsFrom
    const isLast = key.state === 'active' && !own.some(({ state }) => state === 'next')
    return isLast ? nextTurn(key, timing) : Infinity
  })
  return Math.min(...instants)
}

/** The rows after a step. */
function take(
  keys: readonly SigningKey[],
  step: Turn,
  { tokenTtlSeconds }: KeySchedule,
  now: number,
): readonly SigningKey[] {
  const change = (kid: string, changes: Partial<SigningKey>) =>
    keys.map((key) => (key.kid === kid ? { ...key, ...changes } : key))
  switch (step.do) {
    case 'create': {
      const { algorithm, state, signsFrom } = step
      const made = { ...unmade(algorithm, keys), state, createdAt: now, signsFrom, tokenTtlSeconds }
      return [...keys, made]
    }
    case 'publish': {
      const { signsFrom = 0 } = keys.find(({ kid }) => kid === step.kid) ?? {}
      const later = Math.max(signsFrom, step.signsFrom)
      return change(step.kid, { publishedAt: now, signsFrom: later })
    }
    case 'activate':
      return effectiveKeys(keys, now)
    case 'lay_down':
      return change(step.kid, { state: 'retiring', signsUntil: now + REPLICA_LAG_SECONDS * 1000 })
  }
}

const UNMADE = 'to be made'

function isUnmade({ kid }: SigningKey): boolean {
  return kid.startsWith(UNMADE)
}

/** A key that there is not yet: `to be made (ES256, 1)`. */
function unmade(algorithm: Algorithm, keys: readonly SigningKey[]): SigningKey {
  const number = 1 + keys.filter((key) => isUnmade(key) && key.algorithm === algorithm).length
  const kid = `${UNMADE} (${algorithm}, ${number})`
  return {
    kid,
    algorithm,
    state: 'next',
    publicJwk: { kid, alg: algorithm, use: 'sig' },
    sealed: undefined,
    createdAt: 0,
    publishedAt: undefined,
    signsFrom: 0,
    signsUntil: undefined,
    withdrawnAt: undefined,
    tokenTtlSeconds: 0,
  }
}

function toStep(what: PlannedStep['do'], key: SigningKey, why: Arithmetic): PlannedStep {
  return { do: what, algorithm: key.algorithm, kid: key.kid, isMade: !isUnmade(key), why }
}

/** What a step means for each key that it changes. */
function tell(
  step: Turn,
  before: readonly SigningKey[],
  after: readonly SigningKey[],
  { timing }: KeySchedule,
  now: number,
): PlannedStep[] {
  const told = (what: PlannedStep['do'], key: SigningKey | undefined, why: Arithmetic) =>
    key === undefined ? [] : [toStep(what, key, why)]
  const active = before.find(
    ({ algorithm, state }) => algorithm === step.algorithm && state === 'active',
  )
  switch (step.do) {
    case 'create': {
      const key = after.at(-1)
      const since = active ? 'its predecessor signs' : 'its algorithm is in use and has no key'
      return [
        ...told('publish', key, add(since, now)),
        ...(step.state === 'active' ? told('sign', key, add('it is published', now)) : []),
      ]
    }
    // Part of its being made, ten seconds later.
    case 'publish':
      return []
    case 'activate': {
      const key = before.find(({ kid }) => kid === step.kid)
      return [
        ...(key ? told('sign', key, whyItSigns(key, active, timing)) : []),
        ...told('stop', active, add('its successor signs', key?.signsFrom ?? now)),
      ]
    }
    case 'lay_down':
      return told('stop', active, add('nobody names its algorithm any more', now))
  }
}
