import { drill } from '../support/drills.ts'
import { playTheft, type Theft, type Use } from '../support/theft.ts'

/** Longer than the retry window, as access tokens of ten minutes make it. */
const LATER = 600
/** Within the retry window. */
const AT_ONCE = 20

/** The two in turns, each time so long after the other. */
const inTurns = (first: Use[0], seconds: number, uses: number): Use[] => {
  const second = first === 'thief' ? 'victim' : 'thief'
  return Array.from({ length: uses }, (_, n) => [n % 2 === 0 ? first : second, seconds])
}

/** A turn of the second party costs a recovery, of which there are two a day. */
const THIRD_RECOVERY = 6

const DENY = { REFRESH_RECOVERY: 'deny' }

const THEFTS: Theft[] = [
  {
    what: 'the current token, in turns, thief first',
    uses: inTurns('thief', LATER, 12),
    foundBy: THIRD_RECOVERY,
  },
  {
    what: 'the current token, in turns, victim first',
    uses: inTurns('victim', LATER, 12),
    foundBy: THIRD_RECOVERY,
  },
  {
    what: 'the current token, in turns, thief first, recovery denied',
    env: DENY,
    uses: inTurns('thief', LATER, 12),
    foundBy: 2,
  },
  {
    what: 'the current token, in turns, victim first, recovery denied',
    env: DENY,
    uses: inTurns('victim', LATER, 12),
    foundBy: 2,
  },
  {
    // Two recoveries a day are what a client on a bad network is given: so slow a thief stays below.
    what: 'the current token, in strict turns 13 hours apart',
    uses: inTurns('thief', 13 * 3600, 12),
    foundBy: undefined,
  },
  {
    // The sixth use is a recovery, the next two rotate.
    what: 'the same, until one of the two rotates twice before the other comes',
    uses: [
      ...inTurns('thief', 13 * 3600, 6),
      ['victim', 13 * 3600],
      ['victim', 13 * 3600],
      ['thief', 13 * 3600],
    ],
    foundBy: 9,
  },
  {
    what: 'the current token, used twice before the victim comes',
    uses: [
      ['thief', LATER],
      ['thief', LATER],
      ['victim', LATER],
    ],
    foundBy: 3,
  },
  {
    what: 'the predecessor, before the next refresh of the victim',
    ...{ before: 1, steals: 'the predecessor' },
    uses: inTurns('thief', LATER, 12),
    // Its first use is a recovery already; from there they are in turns.
    foundBy: THIRD_RECOVERY - 1,
  },
  {
    what: 'the predecessor, before the next refresh of the victim, recovery denied',
    env: DENY,
    ...{ before: 1, steals: 'the predecessor' },
    uses: inTurns('thief', LATER, 12),
    foundBy: 1,
  },
  {
    what: 'the predecessor, between two refreshes of the victim',
    ...{ before: 1, steals: 'the predecessor' },
    uses: [
      ['victim', LATER],
      ['thief', LATER],
      ['victim', LATER],
    ],
    foundBy: 2,
  },
  {
    what: 'the predecessor, after many refreshes of the victim, a moment after the last',
    ...{ before: 1, steals: 'the predecessor' },
    uses: [
      ['victim', LATER],
      ['victim', LATER],
      ['victim', LATER],
      ['thief', AT_ONCE],
    ],
    foundBy: 4,
  },
  {
    what: 'a token of two refreshes ago, within the retry window and after it',
    ...{ before: 2, steals: 'the first token' },
    // At once it is an old tab, and is given nothing.
    uses: [
      ['thief', AT_ONCE],
      ['thief', LATER],
    ],
    foundBy: 2,
  },
  {
    what: 'the predecessor within the retry window, then in turns',
    ...{ before: 1, steals: 'the predecessor' },
    uses: [['thief', AT_ONCE], ...inTurns('victim', LATER, 12)],
    foundBy: 1 + THIRD_RECOVERY,
  },
  {
    what: 'the current token, always within the retry window after the victim',
    uses: Array.from({ length: 5 }, (): Use[] => [
      ['victim', LATER],
      ['thief', AT_ONCE],
    ]).flat(),
    foundBy: undefined,
  },
  {
    what: 'the same, without a retry window and with recovery denied',
    env: { REFRESH_RETRY_WINDOW: '0s', ...DENY },
    uses: [
      ['victim', LATER],
      ['thief', AT_ONCE],
    ],
    foundBy: 2,
  },
  {
    what: 'the current token, victim first, both send Idempotency-Keys',
    keys: ['victim', 'thief'],
    uses: inTurns('victim', LATER, 12),
    foundBy: 2,
  },
  {
    what: 'the current token, thief first, both send Idempotency-Keys',
    keys: ['victim', 'thief'],
    uses: inTurns('thief', LATER, 12),
    foundBy: 2,
  },
  {
    what: 'the current token, thief first, the victim alone sends Idempotency-Keys',
    keys: ['victim'],
    uses: inTurns('thief', LATER, 12),
    foundBy: THIRD_RECOVERY,
  },
  {
    // A key proves only that it is the same request if nobody else can make it.
    what: 'the current token, thief first, both derive their Idempotency-Keys from the token',
    keys: 'derived',
    uses: inTurns('thief', LATER, 12),
    foundBy: undefined,
  },
  {
    what: 'the cookie, in turns, thief first',
    cookie: true,
    uses: inTurns('thief', LATER, 12),
    foundBy: THIRD_RECOVERY,
  },
  {
    what: 'the cookie, in turns, victim first, recovery denied',
    cookie: true,
    env: DENY,
    uses: inTurns('victim', LATER, 12),
    foundBy: 2,
  },
]

for (const theft of THEFTS) {
  drill('theft', theft.what, (t) => playTheft(t, theft))
}
