import t from 'tap'
import { endReasons } from '../../src/audit/event.ts'
import type { CutOff } from '../../src/revocations/cut-off.ts'
import {
  decide,
  hashRequest,
  type RotationPolicy,
  type RotationState,
} from '../../src/sessions/rotation.ts'
import type { Session } from '../../src/sessions/session.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const SECOND = 1000
const HOUR = 3_600_000
const DAY = 24 * HOUR
const KEY = Buffer.alloc(32, 1)
const OTHER_KEY = Buffer.alloc(32, 2)

interface Case {
  /** How far the row is ahead of the value. */
  distance: number
  /** Milliseconds since the last rotation; undefined when there was none. */
  age?: number | undefined
  /** Milliseconds since the last use, where that was a recovery; else it was the rotation. */
  usedAgo?: number
  session?: Partial<Session>
  state?: Partial<RotationState>
  policy?: Partial<RotationPolicy>
  clientId?: string
  attemptHash?: Buffer
  isShared?: boolean
  cutOff?: CutOff
  scope?: string[]
  resources?: string[]
}

function decided(one: Case) {
  const { distance, age = 10 * SECOND, usedAgo = age } = one
  const session = {
    clientId: 'web',
    scope: ['read', 'write'],
    audience: ['urn:a', 'urn:b'],
    idleExpiresAt: NOW + DAY,
    expiresAt: NOW + 90 * DAY,
    lastUsedAt: NOW - usedAgo,
    createdAt: NOW - 1000,
    ended: undefined,
    ...one.session,
  } as Session
  const state: RotationState = {
    generation: 100,
    rotatedAt: NOW - age,
    attemptHash: undefined,
    recoveries: 0,
    recoveriesSince: undefined,
    requestHash: undefined,
    retries: 0,
    retriesBefore: 0,
    refusals: 0,
    refusalsSince: undefined,
    ...one.state,
  }
  const policy: RotationPolicy = {
    retryWindowSeconds: 30,
    recoveryWindowSeconds: 86_400,
    recovery: 'allow',
    acceptAhead: true,
    ...one.policy,
  }
  const presented = {
    generation: state.generation - distance,
    clientId: one.clientId ?? 'web',
    cutOff: one.cutOff,
    attemptHash: one.attemptHash,
    isShared: one.isShared ?? false,
    scope: one.scope ?? [],
    resources: one.resources ?? [],
  }
  return decide({ session, state }, presented, policy, NOW)
}

const ended = { at: NOW - HOUR, reason: 'logged_out' } as const
const LATE = 30 * SECOND + 1
/** Two recoveries, the first of them so many milliseconds ago. */
const spent = (age: number) => ({ recoveries: 2, recoveriesSince: NOW - age })

const TABLE: [what: string, one: Case, outcome: string][] = [
  ['the current value', { distance: 0 }, 'current'],
  ['a cookie, just rotated', { distance: 0, isShared: true, age: 0 }, 'held'],
  [
    'a cookie, just before the retry window ends',
    { distance: 0, isShared: true, age: 29_999 },
    'held',
  ],
  ['a cookie, when it has ended', { distance: 0, isShared: true, age: 30_000 }, 'current'],
  [
    'a cookie, never rotated',
    { distance: 0, isShared: true, state: { rotatedAt: undefined } },
    'current',
  ],
  [
    'a cookie, without a retry window',
    { distance: 0, isShared: true, age: 0, policy: { retryWindowSeconds: 0 } },
    'current',
  ],
  ['a cookie that was rotated, at once', { distance: 1, isShared: true, age: 0 }, 'retried'],
  ['the predecessor, at once', { distance: 1, age: 0 }, 'retried'],
  ['the predecessor, at the end of the retry window', { distance: 1, age: 30_000 }, 'retried'],
  ['the predecessor, a millisecond after it', { distance: 1, age: LATE }, 'recovered'],
  ['the predecessor, rotated by a clock ahead of ours', { distance: 1, age: -50 }, 'retried'],
  ['the predecessor, at the end of recovery', { distance: 1, age: DAY }, 'recovered'],
  ['the predecessor, a millisecond after it', { distance: 1, age: DAY + 1 }, 'reused'],
  [
    'the predecessor, just after a recovery',
    { distance: 1, age: HOUR, usedAgo: 30_000 },
    'retried',
  ],
  [
    'the predecessor, a day after its rotation and an hour after a recovery',
    { distance: 1, age: DAY + 1, usedAgo: HOUR },
    'reused',
  ],
  ['two behind, just after a recovery', { distance: 2, age: HOUR, usedAgo: 30_000 }, 'stale'],
  [
    'recovery denied, in the retry window',
    { distance: 1, policy: { recovery: 'deny' } },
    'retried',
  ],
  ['recovery denied, after it', { distance: 1, age: LATE, policy: { recovery: 'deny' } }, 'reused'],
  ['two behind, at once', { distance: 2, age: 0 }, 'stale'],
  ['two behind, at the end of the window', { distance: 2, age: 30_000 }, 'stale'],
  ['two behind, a millisecond after it', { distance: 2, age: LATE }, 'reused'],
  ['three behind, in the window', { distance: 3, age: 30_000 }, 'stale'],
  ['three behind, after it', { distance: 3, age: LATE }, 'reused'],
  ['four behind, at once', { distance: 4, age: 0 }, 'reused'],
  ['four behind, later', { distance: 4, age: DAY }, 'reused'],
  ['a hundred behind, at once', { distance: 100, age: 0 }, 'reused'],
  ['ahead', { distance: -1 }, 'ahead'],
  ['far ahead, after a day', { distance: -1000, age: DAY + 1 }, 'ahead'],
  ['ahead of a row that never rotated', { distance: -1, state: { rotatedAt: undefined } }, 'ahead'],
  ['ahead, not believed', { distance: -1, policy: { acceptAhead: false } }, 'unknown'],
  ['another client', { distance: 0, clientId: 'other' }, 'wrong_client'],
  ['another client, four behind', { distance: 4, clientId: 'other' }, 'wrong_client'],
  ['another client, ended', { distance: 0, clientId: 'x', session: { ended } }, 'wrong_client'],
  ['ended', { distance: 0, session: { ended } }, 'ended'],
  ['ended, and reused', { distance: 4, session: { ended } }, 'ended'],
  ['ended, and past its age', { distance: 1, session: { ended, expiresAt: NOW } }, 'ended'],
  ['ended, ahead', { distance: -1, session: { ended } }, 'ended'],
  ['past its idle end', { distance: 0, session: { idleExpiresAt: NOW } }, 'expired'],
  ['a millisecond before it', { distance: 0, session: { idleExpiresAt: NOW + 1 } }, 'current'],
  ['past its greatest age', { distance: 0, session: { expiresAt: NOW } }, 'expired'],
  ['a millisecond before it', { distance: 0, session: { expiresAt: NOW + 1 } }, 'current'],
  ['idle, and a retry', { distance: 1, session: { idleExpiresAt: NOW } }, 'expired'],
  ['expired, and reused', { distance: 9, session: { expiresAt: NOW - 1 } }, 'expired'],
  ['expired, ahead', { distance: -1, session: { expiresAt: NOW - 1 } }, 'expired'],
  ['budget spent', { distance: 1, age: HOUR, state: spent(HOUR) }, 'reused'],
  ['budget spent, in the retry window', { distance: 1, state: spent(HOUR) }, 'retried'],
  [
    'budget spent just under a day ago',
    { distance: 1, age: LATE, state: spent(DAY - 1) },
    'reused',
  ],
  ['budget of yesterday', { distance: 1, age: LATE, state: spent(DAY) }, 'recovered'],
  ['budget spent, two behind', { distance: 2, state: spent(HOUR) }, 'stale'],
]

for (const [what, one, outcome] of TABLE) {
  t.equal(decided(one).outcome, outcome, `${what}: ${outcome}`)
}

t.test('no session at all', async (t) => {
  const presented = { isShared: false, generation: 0, clientId: 'web', attemptHash: undefined }
  const policy: RotationPolicy = {
    retryWindowSeconds: 30,
    recoveryWindowSeconds: 86_400,
    recovery: 'allow',
    acceptAhead: true,
  }
  const asked = { ...presented, cutOff: undefined, scope: [], resources: [] }
  const decision = decide(undefined, asked, policy, NOW)
  t.strictSame(decision, { outcome: 'unknown' })
})

t.test('the same Idempotency-Key proves the same request for as long as recovery', async (t) => {
  const state = { attemptHash: KEY }
  const same = { distance: 1, attemptHash: Buffer.from(KEY), state }
  for (const age of [0, 30_000, LATE, HOUR, DAY]) {
    t.equal(decided({ ...same, age }).outcome, 'retried', `${age} ms`)
    const policy = { recovery: 'deny' } as const
    t.equal(decided({ ...same, age, policy }).outcome, 'retried', `${age} ms, recovery denied`)
    const poor = { ...state, ...spent(HOUR) }
    t.equal(decided({ ...same, age, state: poor }).outcome, 'retried', `${age} ms, budget spent`)
  }
  t.equal(decided({ ...same, age: DAY + 1 }).outcome, 'reused')
  const short = { recoveryWindowSeconds: 60 }
  t.equal(decided({ ...same, age: 60_000, policy: short }).outcome, 'retried')
  t.equal(decided({ ...same, age: 60_001, policy: short }).outcome, 'reused')
  t.equal(decided({ ...same, distance: 2, age: LATE }).outcome, 'reused', 'not of an older value')
})

t.test(
  'another Idempotency-Key is another request: in the window a retry, later reuse',
  async (t) => {
    const other = { distance: 1, attemptHash: OTHER_KEY, state: { attemptHash: KEY } }
    t.equal(decided({ ...other, age: 30_000 }).outcome, 'retried')
    t.equal(decided({ ...other, age: LATE }).outcome, 'reused')
    const unsaid = { distance: 1, age: LATE, state: { attemptHash: KEY } }
    t.equal(decided(unsaid).outcome, 'recovered', 'without a key now, it counts as lost')
  },
)

t.test('a recovery is counted, twice in 24 hours', async (t) => {
  const first = decided({ distance: 1, age: HOUR })
  t.strictSame(first, { outcome: 'recovered', recoveries: 1, recoveriesSince: NOW })
  const state = { recoveries: 1, recoveriesSince: NOW - HOUR }
  const second = decided({ distance: 1, age: HOUR, state })
  t.strictSame(second, { outcome: 'recovered', recoveries: 2, recoveriesSince: NOW - HOUR })
  const renewed = decided({ distance: 1, age: HOUR, state: spent(DAY) })
  t.strictSame(renewed, { outcome: 'recovered', recoveries: 1, recoveriesSince: NOW })
})

t.test('windows are what the configuration says', async (t) => {
  const policy = { retryWindowSeconds: 5, recoveryWindowSeconds: 60 }
  const at = (distance: number, age: number) => decided({ distance, age, policy }).outcome
  t.strictSame([at(1, 5000), at(1, 5001), at(1, 60_000)], ['retried', 'recovered', 'recovered'])
  t.strictSame([at(1, 60_001), at(2, 5000), at(2, 5001)], ['reused', 'stale', 'reused'])
  const none = { retryWindowSeconds: 0, recoveryWindowSeconds: 0 }
  t.equal(decided({ distance: 1, age: 1, policy: none }).outcome, 'reused')
})

t.test('a session that ended tells the reason, whichever end came too', async (t) => {
  for (const reason of endReasons) {
    const session = { ended: { at: NOW, reason }, idleExpiresAt: NOW - 1, expiresAt: NOW - 1 }
    t.strictSame(decided({ distance: 1, session }), { outcome: 'ended', reason })
  }
  const idle = { idleExpiresAt: NOW - 1 }
  t.strictSame(decided({ distance: 0, session: idle }), { outcome: 'expired', end: 'idle' })
  const max = { expiresAt: NOW - 1, idleExpiresAt: NOW - 1 }
  t.strictSame(decided({ distance: 0, session: max }), { outcome: 'expired', end: 'max' })
})

t.test('a request for more than was granted is refused and harms no session', async (t) => {
  for (const distance of [0, 2, 4, -1]) {
    t.equal(decided({ distance, scope: ['read', 'admin'] }).outcome, 'exceeds_grant')
    t.equal(decided({ distance, resources: ['urn:c'] }).outcome, 'exceeds_grant')
  }
  t.equal(decided({ distance: 0, scope: ['x'], clientId: 'other' }).outcome, 'wrong_client')
  t.equal(decided({ distance: 0, scope: ['x'], session: { ended } }).outcome, 'ended')
})

t.test('a retry asks for what the rotation was asked for', async (t) => {
  const asked = (scope: string[], resources: string[] = []) => ({
    state: { requestHash: hashRequest(scope, resources) },
  })
  const all = { scope: ['write', 'read'], resources: ['urn:b', 'urn:a'] }
  const twice = ['urn:a', 'urn:b', 'urn:a']
  const same: [what: string, one: Partial<Case>][] = [
    ['nothing, as before', asked([])],
    ['all, where it was left out before', { ...asked([]), ...all }],
    ['nothing, where all was named before', asked(all.scope, all.resources)],
    ['all, in another order', { ...asked(['read', 'write'], ['urn:a', 'urn:b']), ...all }],
    ['all, with one of it twice, as before', { ...asked([], twice), resources: twice }],
    ['nothing, where one of all was named twice before', asked([], twice)],
    ['a part, as before', { ...asked(['read'], ['urn:a']), scope: ['read'], resources: ['urn:a'] }],
    ['a part, the rest left out', { ...asked(['read'], all.resources), scope: ['read'] }],
  ]
  for (const [what, one] of same) {
    t.equal(decided({ ...one, distance: 1 }).outcome, 'retried', what)
    t.equal(decided({ ...one, distance: 1, age: HOUR }).outcome, 'recovered', `${what}, late`)
  }
  const other: [what: string, one: Partial<Case>][] = [
    ['less than before', { ...asked([]), scope: ['read'] }],
    ['more than before', asked(['read'])],
    ['another part', { ...asked(['read']), scope: ['write'] }],
    ['another resource', { ...asked([], ['urn:a']), resources: ['urn:b'] }],
    ['more than was granted', { ...asked([]), scope: ['read', 'write', 'admin'] }],
    [
      'something, where nothing was granted',
      { ...asked([]), scope: ['x'], session: { scope: [] } },
    ],
    ['a resource that was not granted', { ...asked([]), resources: ['urn:a', 'urn:b', 'urn:c'] }],
  ]
  for (const [what, one] of other) {
    t.equal(decided({ ...one, distance: 1 }).outcome, 'mismatched', what)
    t.equal(decided({ ...one, distance: 1, age: HOUR }).outcome, 'mismatched', `${what}, late`)
    const key = { attemptHash: KEY, state: { ...one.state, attemptHash: KEY } }
    t.equal(decided({ ...one, ...key, distance: 1 }).outcome, 'mismatched', `${what}, with its key`)
    t.equal(decided({ ...one, distance: 2, age: HOUR, scope: [], resources: [] }).outcome, 'reused')
  }
})

t.test('a cut-off ends what started before it', async (t) => {
  const at = (notBefore: number) =>
    decided({ distance: 0, cutOff: { notBefore, reason: 'client_disabled', madeAt: NOW } })
  t.strictSame(at(NOW - 999), { outcome: 'ended', reason: 'client_disabled' })
  t.equal(at(NOW - 1000).outcome, 'current', 'but not what started at that instant')
})
