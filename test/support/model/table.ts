/**
 * The outcome table of docs/refresh.md, written a second time: from the document and not from the
 * code, so that the two can disagree. Pure; instants and windows in milliseconds. Rows of the table
 * that end in the same outcome are told apart by `row`.
 */

const DAY = 86_400_000
const RECOVERIES_A_DAY = 2
/** So many refusals of a session are written down in an hour, and so many of other clients'. */
const REFUSALS_NOTED = 20
const MISMATCHES_NOTED = 40
const HOUR = 3_600_000

/** What was granted to every session of the model. */
export const GRANTED = { scope: ['read', 'write'], audience: ['urn:a', 'urn:b'] } as const

export interface Policy {
  readonly retryWindow: number
  readonly recoveryWindow: number
  readonly recovery: 'allow' | 'deny'
  readonly acceptAhead: boolean
}

/** One refresh, as the service sees it. */
export interface Call {
  /** The generation of the value that is presented; undefined: no value of ours. */
  readonly presented: number | undefined
  readonly client: 'own' | 'other'
  readonly key: string | undefined
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly address: string
}

type Known = Call & { readonly presented: number }

export interface State {
  readonly cookie: boolean
  readonly idleTtl: number
  readonly generation: number
  /** Undefined before the first rotation. */
  readonly rotatedAt: number | undefined
  /** When the last retry window began: at the last rotation or recovery. */
  readonly usedAt: number
  readonly key: string | undefined
  readonly request: string
  readonly recoveries: number
  readonly recoveriesSince: number
  readonly idleEndsAt: number
  readonly maxEndsAt: number
  readonly ended: string | undefined
  readonly address: string
  /** How many refusals were written down. */
  readonly refusals: number
  /** When their hour began. */
  readonly refusalsSince: number
  /** The events that were written and say more than that, in words. */
  readonly events: readonly string[]
}

export interface Step {
  /** As the service says it: `rotated 4`, with the generation handed out; `ended logged_out` … */
  readonly outcome: string
  readonly row: string
  readonly state: State
}

/** A session that has just started. */
export function started(
  now: number,
  { cookie, idleTtl, maxTtl }: { cookie: boolean; idleTtl: number; maxTtl: number },
  address: string,
): State {
  return {
    ...{ cookie, idleTtl, generation: 0, rotatedAt: undefined, usedAt: now, key: undefined },
    ...{ request: '', recoveries: 0, recoveriesSince: now, ended: undefined, address },
    ...{ refusals: 0, refusalsSince: -Infinity, events: [] },
    idleEndsAt: Math.min(now + idleTtl, now + maxTtl),
    maxEndsAt: now + maxTtl,
  }
}

/** What the table says of a call, and the session after it. */
export function refresh(state: State, policy: Policy, now: number, call: Call): Step {
  const step = decide(state, policy, now, call)
  if (!/^(wrong_client|ended|expired|stale|mismatched)/.test(step.outcome)) return step
  const isOver = now >= state.refusalsSince + HOUR
  const most = call.client === 'other' ? MISMATCHES_NOTED : REFUSALS_NOTED
  if (!isOver && state.refusals >= most) return step
  const noted = call.client === 'other' ? told(state, 'mismatch') : state
  const [refusals, refusalsSince] = isOver ? [1, now] : [state.refusals + 1, state.refusalsSince]
  return { ...step, state: { ...noted, refusals, refusalsSince } }
}

function decide(state: State, policy: Policy, now: number, call: Call): Step {
  const stay = (outcome: string, row = outcome): Step => ({ outcome, row, state })
  if (call.presented === undefined) return stay('unknown')
  if (call.client === 'other') return stay('wrong_client')
  if (state.ended !== undefined) return stay(`ended ${state.ended}`)
  if (now >= state.idleEndsAt) {
    return stay(state.idleEndsAt < state.maxEndsAt ? 'expired idle' : 'expired max')
  }
  const step = byValue(state, policy, now, { ...call, presented: call.presented })
  // A token inside an otherwise invalid request is neither used up nor held against anybody. A retry
  // that asks for more than was granted is already none.
  return exceeds(call) && step.outcome !== 'mismatched' ? stay('exceeds_grant') : step
}

/** What the table says of the values of a session that lives. */
function byValue(state: State, policy: Policy, now: number, call: Known): Step {
  const stay = (outcome: string, row = outcome): Step => ({ outcome, row, state })
  const distance = state.generation - call.presented
  const inWindow = within(state.usedAt, policy.retryWindow, now)
  if (distance < 0 && !policy.acceptAhead) return stay('unknown', 'ahead, not accepted')
  if (distance < 0) {
    return rotated(told(state, `ahead ${state.generation} ${call.presented}`), now, call, 'ahead')
  }
  if (distance === 0) {
    const isHeld = state.cookie && now < (state.rotatedAt ?? -Infinity) + policy.retryWindow
    if (isHeld) {
      const idleEndsAt = Math.min(now + state.idleTtl, state.maxEndsAt)
      const held = { ...state, idleEndsAt: Math.max(state.idleEndsAt, idleEndsAt) }
      return { outcome: `retried ${state.generation}`, row: 'cookie', state: held }
    }
    return rotated(state, now, call, 'rotated')
  }
  if (distance === 1) return predecessor(state, policy, now, call, inWindow)
  if (distance <= 3 && inWindow) return stay('stale')
  return reused(state, call, distance <= 3 ? 'old' : 'ancient')
}

function predecessor(
  state: State,
  policy: Policy,
  now: number,
  call: Call,
  inWindow: boolean,
): Step {
  const rotatedAt = state.rotatedAt as number
  const late = !within(rotatedAt, policy.recoveryWindow, now)
  const comparable = call.key !== undefined && state.key !== undefined
  if (!inWindow) {
    if (late) return reused(state, call, 'too late')
    if (comparable && call.key !== state.key) return reused(state, call, 'another key')
  }
  const free = inWindow || comparable
  const sinceDay = now >= state.recoveriesSince + DAY
  const spent = state.recoveries === 0 || sinceDay ? 0 : state.recoveries
  if (!free) {
    if (policy.recovery === 'deny') return reused(state, call, 'denied')
    if (spent >= RECOVERIES_A_DAY) return reused(state, call, 'spent')
  }
  const stay = (outcome: string): Step => ({ outcome, row: outcome, state })
  if (requestOf(call) !== state.request) {
    return stay('mismatched')
  }
  if (free) return { ...stay(`retried ${state.generation}`), row: inWindow ? 'window' : 'key' }
  const recovered = told(
    state,
    `recovered ${state.generation} ${Math.round((now - rotatedAt) / 1000)}`,
  )
  return {
    outcome: `recovered ${state.generation}`,
    row: 'recovered',
    state: {
      ...used(recovered, now, call),
      recoveries: spent + 1,
      recoveriesSince: spent === 0 ? now : state.recoveriesSince,
    },
  }
}

function rotated(state: State, now: number, call: Known, outcome: 'rotated' | 'ahead'): Step {
  const generation = call.presented + 1
  const next = { ...used(state, now, call), generation, rotatedAt: now }
  return {
    outcome: `${outcome} ${generation}`,
    row: outcome,
    state: { ...next, key: call.key, request: requestOf(call) },
  }
}

function reused(state: State, call: Call, row: string): Step {
  const what = `reused ${state.generation} ${call.presented} by ${call.address} after ${state.address}`
  const next = told(state, what)
  return { outcome: 'reused', row, state: { ...next, ended: 'refresh_reused' } }
}

/** The session is used: it begins a retry window, and is not idle. */
function used(state: State, now: number, call: Call): State {
  const idleEndsAt = Math.min(now + state.idleTtl, state.maxEndsAt)
  return { ...state, usedAt: now, idleEndsAt, address: call.address }
}

const told = (state: State, event: string): State => ({
  ...state,
  events: [...state.events, event],
})

/** A window of nothing is switched off. */
const within = (from: number, window: number, now: number) => window > 0 && now <= from + window

export const exceeds = ({ scope, resources }: Call) =>
  [...scope, ...resources].some(
    (one) => ![...GRANTED.scope, ...GRANTED.audience].some((granted) => granted === one),
  )

/** What is asked for, in one spelling: what is left out is all that was granted. */
function requestOf({ scope, resources }: Call): string {
  const all = (asked: readonly string[], granted: readonly string[]) =>
    [...new Set(asked.length === 0 ? granted : asked)].sort().join(' ')
  return `${all(scope, GRANTED.scope)} / ${all(resources, GRANTED.audience)}`
}
