import fc from 'fast-check'
import type { Policy } from './table.ts'

const SECOND = 1000
const DAY = 86_400 * SECOND

/** One caller of a burst, before it is known which value it holds. */
export interface Caller {
  /** The tabs of one browser, which share a storage; and a thief. */
  readonly actor: 'tab 1' | 'tab 2' | 'tab 3' | 'thief'
  /** What it got last itself; the newest, read again (a thief steals it); one of before; or junk. */
  readonly takes: 'its own' | 'the newest' | 'a forged one' | `the one ${number} back`
  readonly replica: 0 | 1
  readonly client: 'own' | 'other'
  readonly key: string | undefined
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  /** The answer never arrives: the network lost it, or the process was gone after the commit. */
  readonly loses: 'nothing' | 'the answer' | 'the process'
}

/** The instants at which something of a session ends. */
export type Edge = 'retry window' | 'recovery window' | 'day of recoveries' | 'idle end' | 'max end'

export type ScheduleStep =
  | { readonly do: 'refresh'; readonly callers: readonly Caller[] }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'wait for'; readonly edge: Edge; readonly ms: number }
  | { readonly do: 'end'; readonly reason: 'logged_out' | 'ended_by_operator' | 'user_disabled' }
  | { readonly do: 'back up' }
  | { readonly do: 'restore' }
  | { readonly do: 'set policy'; readonly policy: Policy }

export interface Schedule {
  /** Tabs that read the storage before each use, and retry as they asked before; nobody else. */
  readonly honest: boolean
  readonly cookie: boolean
  readonly idleTtl: number
  readonly maxTtl: number
  readonly policy: Policy
  readonly steps: readonly ScheduleStep[]
}

/** A value, or one of the others now and then. */
const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { weight: 4 * others.length, arbitrary: fc.constant(usual) },
    ...others.map((other) => ({ weight: 1, arbitrary: fc.constant(other) })),
  )

const policy = fc
  .record({
    retryWindow: mostly(30 * SECOND, 0, 5 * SECOND),
    recoveryWindow: mostly(DAY, 3 * DAY, 60 * SECOND),
    recovery: mostly<'allow' | 'deny'>('allow', 'deny'),
    acceptAhead: mostly(true, false),
  })
  .filter(({ retryWindow, recoveryWindow }) => recoveryWindow >= retryWindow)

const caller = fc.record<Caller>({
  actor: fc.constantFrom('tab 1', 'tab 2', 'tab 3', 'thief'),
  takes: fc.oneof(
    { weight: 8, arbitrary: fc.constant<Caller['takes']>('the newest') },
    { weight: 6, arbitrary: fc.constant<Caller['takes']>('its own') },
    {
      weight: 3,
      arbitrary: fc.integer({ min: 1, max: 4 }).map((n) => `the one ${n} back` as const),
    },
    { weight: 1, arbitrary: fc.constant<Caller['takes']>('a forged one') },
  ),
  replica: fc.constantFrom(0, 1),
  client: fc.oneof(
    { weight: 15, arbitrary: fc.constant<'own' | 'other'>('own') },
    { weight: 1, arbitrary: fc.constant<'own' | 'other'>('other') },
  ),
  key: fc.constantFrom(undefined, undefined, undefined, 'key 1', 'key 2'),
  scope: mostly<string[]>([], ['write', 'read', 'read'], ['read'], ['read', 'admin']),
  resources: mostly<string[]>([], ['urn:b', 'urn:a'], ['urn:a'], ['urn:c']),
  loses: fc.constantFrom('nothing', 'nothing', 'the answer', 'the process'),
})

/** One call; the same call many times at once; or different ones at once. */
const callers = fc.oneof(
  { weight: 8, arbitrary: caller.map((one) => [one]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(caller, fc.integer({ min: 2, max: 8 }))
      .map(([one, copies]) => Array.from({ length: copies }, () => one)),
  },
  { weight: 2, arbitrary: fc.array(caller, { minLength: 2, maxLength: 3 }) },
)

const edges = fc.constantFrom<Edge>('retry window', 'recovery window', 'day of recoveries')

/** Uses of the newest value as a client's own, one after the other. */
const uses = (one: Caller, ...loses: Caller['loses'][]): ScheduleStep[] =>
  loses.map((lost) => ({
    do: 'refresh',
    callers: [{ ...one, client: 'own', takes: 'the newest', loses: lost }],
  }))

/** Around the end of something: a millisecond before, at, or after it. */
const around = (edge: fc.Arbitrary<Edge>): fc.Arbitrary<ScheduleStep> =>
  fc.record({ do: fc.constant('wait for'), edge, ms: fc.constantFrom(-1, 0, 1) })

/** A refresh whose answer is lost or not, and the next one around the end of something. */
const atAnEdge = fc
  .tuple(caller, fc.constantFrom<Caller['loses']>('nothing', 'the answer'), around(edges))
  .map(([one, lost, wait]) => [...uses(one, lost), wait, ...uses(one, 'nothing')])

/** Lost answers until no recovery is left, and one more around the end of the day. */
const spendsAll = fc
  .tuple(caller, around(fc.constantFrom('day of recoveries', 'retry window')))
  .map(([one, wait]) => {
    const plain = { ...one, key: undefined }
    const past: ScheduleStep = { do: 'wait for', edge: 'retry window', ms: 1 }
    const lost = [...uses(plain, 'the answer'), past, ...uses(plain, 'nothing')]
    return [...lost, ...lost, ...uses(plain, 'the answer'), wait, ...uses(plain, 'nothing')]
  })

/** A value that several have overtaken, at once or around the end of the retry window. */
const overtaken = fc
  .tuple(
    caller,
    fc.integer({ min: 2, max: 4 }),
    fc.option(around(fc.constant<Edge>('retry window')), { nil: undefined }),
  )
  .map(([one, times, wait]): ScheduleStep[] => [
    ...Array.from({ length: times }, () => uses(one, 'nothing')).flat(),
    ...(wait === undefined ? [] : [wait]),
    { do: 'refresh', callers: [{ ...one, client: 'own', takes: `the one ${times} back` }] },
  ])

/** A database that forgets some rotations, and a client that goes on and loses the answer. */
const setBack = fc
  .tuple(caller, caller)
  .map(([one, other]): ScheduleStep[] => [
    { do: 'back up' },
    ...uses(one, 'nothing', 'nothing'),
    { do: 'restore' },
    ...uses(one, 'the answer'),
    ...uses(other, 'nothing'),
  ])

const step = fc.oneof<fc.WeightedArbitrary<ScheduleStep>[]>(
  { weight: 20, arbitrary: callers.map((all) => ({ do: 'refresh', callers: all })) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(1, SECOND, 31 * SECOND, 3600 * SECOND, DAY).map((ms) => ({
      do: 'wait',
      ms,
    })),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('wait for' as const),
      edge: fc.oneof(
        { weight: 4, arbitrary: fc.constant<Edge>('retry window') },
        { weight: 4, arbitrary: edges },
        { weight: 1, arbitrary: fc.constantFrom<Edge>('idle end', 'max end') },
      ),
      ms: fc.constantFrom(-1, 0, 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('logged_out' as const, 'ended_by_operator' as const, 'user_disabled' as const)
      .map((reason) => ({ do: 'end', reason })),
  },
  { weight: 1, arbitrary: fc.constantFrom({ do: 'back up' }, { do: 'restore' }) },
  { weight: 1, arbitrary: policy.map((next) => ({ do: 'set policy', policy: next })) },
)

/** Schedules of up to so many steps, some of which are several. */
export const scheduleOf = (maxLength: number): fc.Arbitrary<Schedule> =>
  fc.record({
    honest: fc.boolean(),
    cookie: mostly(false, true),
    idleTtl: mostly(14 * DAY, 2 * DAY, 100 * SECOND),
    maxTtl: mostly(90 * DAY, 3 * DAY, 200 * SECOND),
    policy,
    steps: fc
      .array(
        fc.oneof(
          { weight: 6, arbitrary: step.map((one) => [one]) },
          { weight: 1, arbitrary: fc.oneof(atAnEdge, spendsAll, overtaken, setBack) },
        ),
        { minLength: 1, maxLength, size: 'max' },
      )
      .map((parts) => parts.flat()),
  })
