import { isDeepStrictEqual } from 'node:util'
import { noOrigin } from '../../../src/audit/event.ts'
import { type Browser, createBrowser, type Presenting } from './browser.ts'
import { createReplica, type World } from './replica.ts'
import type { Edge, Schedule, ScheduleStep } from './schedule.ts'
import { startRecord } from './session-row.ts'
import { type Call, type Policy, refresh, type State } from './table.ts'
import { describe, describePolicy } from './words.ts'

/** What may happen to a client that follows the rules: the rows of the table, by the model's names. */
const HONEST = [
  ...['rotated', 'window', 'cookie', 'key', 'recovered', 'ahead', 'ahead, not accepted'],
  // A lost answer is forgiven twice a day, for a day, where it is forgiven at all.
  ...['too late', 'spent', 'denied'],
]

/**
 * Plays a schedule against two instances of the service over one database, and against the model.
 * Throws an Error that tells the story when the two disagree, or when one of the promises breaks
 * that hold whatever the model says. Returns the rows of the table that were met.
 */
export async function replay(world: World, schedule: Schedule): Promise<string[]> {
  const record = await startRecord(world, schedule)
  const { clock } = record
  const story = [
    `${schedule.honest ? 'honest tabs' : 'tabs and a thief'}${schedule.cookie ? ' with a cookie' : ''}, idle after ${schedule.idleTtl / 1000} s, at most ${schedule.maxTtl / 1000} s, ${describePolicy(schedule.policy)}`,
  ]
  const met: string[] = []
  const browser: Browser = createBrowser(record.first, schedule.honest)
  let policy: Policy = schedule.policy
  let replicas = start()
  // More than one while the calls of a burst may have come in more than one order.
  let candidates: State[] = [record.state]
  let backup = { states: candidates, row: record.row }

  function start() {
    const settings = { ...schedule, policy, clock }
    return [createReplica(world, 0, settings), createReplica(world, 1, settings)] as const
  }

  const disagree = (what: string): never => {
    throw new Error([what, ...story].join('\n  '))
  }

  async function play(step: ScheduleStep): Promise<void> {
    switch (step.do) {
      case 'refresh':
        return present(browser.resolve(step.callers))
      case 'wait':
        return clock.advance(step.ms / 1000)
      case 'wait for': {
        const at = edgeOf(candidates[0] as State, policy, step.edge) + step.ms
        return clock.advance(Math.max(0, at - clock.now()) / 1000)
      }
      case 'end': {
        const actor = { by: 'operator', origin: noOrigin }
        await replicas[0].endSessions.end({ sid: record.sid }, step.reason, actor)
        candidates = candidates.map((state) => ({ ...state, ended: state.ended ?? step.reason }))
        return
      }
      case 'back up':
        await look()
        backup = { states: candidates, row: await record.readRow() }
        return
      case 'restore': {
        await look()
        const { events } = candidates[0] as State
        await record.writeRow(backup.row)
        candidates = backup.states.map((state) => ({ ...state, events }))
        browser.restored((candidates[0] as State).generation)
        return
      }
      case 'set policy':
        policy = step.policy
        replicas = start()
    }
  }

  /** Looks at the database, which has what one of the candidates has. */
  async function look(): Promise<void> {
    const seen = await record.read()
    const same = candidates.filter((state) => isDeepStrictEqual(record.asRow(state), seen))
    if (same.length === 0) {
      const expected = candidates.map((state) => JSON.stringify(record.asRow(state)))
      disagree(`the row should be ${expected.join(', or ')}; it is ${JSON.stringify(seen)}`)
    }
    candidates = same
  }

  /** Sends the calls at once; an outcome that changes nothing is the same at the other instance. */
  async function present(calls: readonly Presenting[]): Promise<void> {
    const outcomes = await ask(calls)
    const [only, ...more] = calls
    // Half of them.
    if (only === undefined || more.length > 0 || only.caller.replica === 0) return
    if (/^(rotated|ahead|recovered|reused)/.test(String(outcomes))) return
    const elsewhere = await ask([{ ...only, caller: { ...only.caller, replica: 0 } }])
    if (elsewhere[0] !== outcomes[0]) disagree('the other instance said something else')
  }

  async function ask(calls: readonly Presenting[]): Promise<string[]> {
    const answers = await Promise.all(
      calls.map(({ caller, value, call }) => replicas[caller.replica].refresh(value, call)),
    )
    if (calls.some(({ caller }) => caller.loses === 'the process')) replicas = start()
    const outcomes = answers.map(({ outcome }) => outcome)
    story.push(`   ${outcomes.join('; ')}`)
    const before = candidates
    const rows = new Set<string>()
    const all = orders(calls.map(({ call }) => call))
    const isOne = all.length === 1
    const seen = isOne ? outcomes.toSorted() : outcomes
    const expected: string[] = []
    candidates = before.flatMap((state) =>
      all.flatMap((order) => {
        const told = predict(state, order)
        const said = isOne ? told.outcomes.toSorted() : told.outcomes
        expected.push(said.join('; '))
        if (!isDeepStrictEqual(said, seen)) return []
        const odd = told.rows.find((row) => !isHonest(row))
        if (schedule.honest && odd !== undefined) disagree(`an honest client met "${odd}"`)
        for (const row of told.rows) rows.add(row)
        return [told.state]
      }),
    )
    if (candidates.length === 0) {
      disagree(
        `expected ${[...new Set(expected)].join(', or ')}; the service said ${seen.join('; ')}`,
      )
    }
    candidates = distinct(candidates)
    met.push(...rows)
    const broken = browser.answered(calls, answers)
    if (broken !== undefined) disagree(broken)
    return outcomes
  }

  function predict(state: State, order: readonly (readonly [number, Call])[]) {
    let now = state
    const outcomes: string[] = []
    const rows: string[] = []
    for (const [index, call] of order) {
      const step = refresh(now, policy, clock.now(), call)
      now = step.state
      outcomes[index] = step.outcome
      rows.push(step.row)
    }
    return { outcomes, rows, state: now }
  }

  let afterTheEnd = 0
  for (const step of schedule.steps) {
    // Of what comes after a session's end, two uses tell all.
    if (step.do === 'refresh' && candidates.every((state) => isOver(state, clock.now()))) {
      afterTheEnd += 1
      if (afterTheEnd > 2) continue
    }
    story.push(describe(step))
    await play(step)
  }
  await look()
  return met
}

const isHonest = (row: string) => HONEST.includes(row) || /^(ended|expired) /.test(row)

const isOver = (state: State, now: number) =>
  state.ended !== undefined || now >= Math.min(state.idleEndsAt, state.maxEndsAt)

const distinct = (states: readonly State[]): State[] =>
  states.filter(
    (state, index) => states.findIndex((other) => isDeepStrictEqual(other, state)) === index,
  )

/** When something of the session ends that has a length. */
function edgeOf(state: State, policy: Policy, edge: Edge): number {
  switch (edge) {
    case 'retry window':
      return state.usedAt + policy.retryWindow
    case 'recovery window':
      return (state.rotatedAt ?? state.usedAt) + policy.recoveryWindow
    case 'day of recoveries':
      return state.recoveriesSince + 86_400_000
    case 'idle end':
      return state.idleEndsAt
    case 'max end':
      return state.maxEndsAt
  }
}

/** The orders in which calls can have come in, each with its place; one if all are the same. */
function orders(calls: readonly Call[]): (readonly [number, Call])[][] {
  const all = calls.map((call, index) => [index, call] as const)
  if (new Set(calls).size === 1) return [all]
  const permute = (rest: typeof all): (typeof all)[] =>
    rest.length === 0
      ? [[]]
      : rest.flatMap((one) =>
          permute(rest.filter((other) => other !== one)).map((more) => [one, ...more]),
        )
  return permute(all)
}
