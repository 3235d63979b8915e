import t from 'tap'
import {
  CLOCK_SKEW_SECONDS,
  type KeyTiming,
  keyTimingProblems,
  REPLICA_LAG_SECONDS,
} from '../../src/config/key-timing.ts'
import { decideSteps, type Step, signingAt } from '../../src/keys/life-cycle.ts'
import { isPublished, type SigningKey } from '../../src/keys/signing-key.ts'
import { createSeededRandom } from '../support/random.ts'

const ALGORITHM = 'ES256'

/** The table of keys: what a step changes in it, all at once or not at all. */
function createTable() {
  let keys: SigningKey[] = []
  let made = 0
  const change = (kid: string, members: Partial<SigningKey>) => {
    keys = keys.map((key) => (key.kid === kid ? { ...key, ...members } : key))
  }
  const take = (step: Step, now: number, tokenTtlSeconds: number) => {
    const active = keys.find(({ state }) => state === 'active')
    if (step.do === 'retire') change(step.kid, { state: 'retired' })
    if (step.do === 'publish') {
      const signsFrom = keys.find(({ kid }) => kid === step.kid)?.signsFrom ?? 0
      change(step.kid, { publishedAt: now, signsFrom: Math.max(signsFrom, step.signsFrom) })
    }
    if (step.do === 'activate') {
      const next = keys.find(({ kid, state }) => kid === step.kid && state === 'next')
      if (next === undefined) return
      if (active) change(active.kid, { state: 'retiring', signsUntil: next.signsFrom })
      change(step.kid, { state: 'active' })
    }
    if (step.do === 'create' && !keys.some(({ state }) => state === step.state)) {
      made += 1
      keys = [
        ...keys,
        {
          kid: `k${made}`,
          algorithm: ALGORITHM,
          state: step.state,
          publicJwk: { kid: `k${made}`, alg: ALGORITHM, use: 'sig' },
          sealed: undefined,
          createdAt: now,
          publishedAt: undefined,
          signsFrom: step.signsFrom,
          signsUntil: undefined,
          withdrawnAt: undefined,
          tokenTtlSeconds,
        },
      ]
    }
  }
  return { read: () => keys, take }
}

interface Token {
  kid: string
  exp: number
}

/** Twenty turns of three replicas and three verifiers, in steps of a second; what went wrong. */
function live(seed: string) {
  const random = createSeededRandom(seed)
  const draw = (low: number, high: number) =>
    low + Math.floor((random.bytes(4).readUInt32BE() / 2 ** 32) * (high - low + 1))
  const chance = (one: number) => draw(1, one) === 1
  const verifierCacheTtlSeconds = draw(5, 120)
  const keyPublishAheadSeconds = verifierCacheTtlSeconds + REPLICA_LAG_SECONDS + draw(0, 60)
  const keyRotateEverySeconds = keyPublishAheadSeconds + REPLICA_LAG_SECONDS + draw(0, 120)
  const timing: KeyTiming = {
    verifierCacheTtlSeconds,
    keyPublishAheadSeconds,
    keyRotateEverySeconds,
  }
  if (keyTimingProblems(timing, () => true).length > 0) throw new Error('a timing to be refused')
  const ttl = draw(30, 300)
  const table = createTable()
  const replicas = Array.from({ length: 3 }, () => ({
    keys: [] as readonly SigningKey[],
    readAt: -Infinity,
    nextLook: draw(0, 5),
    asleepUntil: 0,
  }))
  const verifiers = Array.from({ length: 3 }, () => ({ kids: [] as string[], at: -Infinity }))
  const alive: Token[] = []
  const faults: string[] = []
  const used = new Set<string>()
  let verifications = 0
  let awayFrom = 0
  let awayUntil = 0

  const read = (replica: (typeof replicas)[number], now: number) => {
    replica.keys = table.read()
    replica.readAt = now
  }
  const isOld = (replica: (typeof replicas)[number], now: number) =>
    now >= replica.readAt + REPLICA_LAG_SECONDS
  const look = (replica: (typeof replicas)[number], now: number) => {
    for (let round = 0; round < 4; round += 1) {
      const steps = decideSteps(table.read(), [ALGORITHM], timing, now * 1000)
      for (const step of steps) {
        // Whoever dies between two steps leaves the rest to the next one.
        if (chance(20)) return
        table.take(step, now * 1000, ttl)
      }
      if (steps.length === 0) break
    }
    read(replica, now)
  }
  const verify = (token: Token, now: number, when: string) => {
    for (const verifier of verifiers) {
      verifications += 1
      // Who wakes up without a database has an old set, and nobody to tell it so: it is not asked.
      const since = awayUntil + 5 > now ? awayFrom - REPLICA_LAG_SECONDS : -Infinity
      const awake = replicas.filter((one) => one.asleepUntil <= now && one.readAt >= since)
      const front = awake[draw(0, awake.length - 1)]
      if (now - verifier.at > verifierCacheTtlSeconds && front !== undefined) {
        // It looks again at most every five seconds while the database does not answer.
        if (isOld(front, now) && awayUntil + 5 <= now) read(front, now)
        verifier.kids = front.keys.filter(isPublished).map(({ kid }) => kid)
        verifier.at = now
      }
      // The strictest of verifiers: it never fetches for the sake of an unknown kid.
      if (!verifier.kids.includes(token.kid)) faults.push(`${now}: ${token.kid} unknown ${when}`)
    }
  }
  for (const replica of replicas) look(replica, 0)
  for (const replica of replicas) look(replica, 0)
  for (let now = 1; now <= 20 * keyRotateEverySeconds; now += 1) {
    if (chance(400) && awayUntil <= now) {
      awayFrom = now
      awayUntil = now + draw(1, 3 * keyRotateEverySeconds)
    }
    for (const replica of replicas) {
      if (chance(1000)) replica.asleepUntil = now + draw(1, 4 * keyRotateEverySeconds)
      const isTime = now >= replica.nextLook
      if (isTime) replica.nextLook = now + 5
      if (replica.asleepUntil > now || awayUntil > now) continue
      if (isTime) look(replica, now)
      if (!chance(10)) continue
      if (isOld(replica, now)) read(replica, now)
      const key = signingAt(replica.keys, ALGORITHM, now * 1000)
      if (key === undefined) {
        faults.push(`${now}: nothing signs`)
        continue
      }
      used.add(key.kid)
      const token = { kid: key.kid, exp: now + ttl }
      verify(token, now, 'when new')
      alive.push(token)
    }
    // A verifier whose clock is behind still takes it for good.
    while (alive[0] !== undefined && alive[0].exp + CLOCK_SKEW_SECONDS - 1 <= now) {
      verify(alive.shift() as Token, now, 'when old')
    }
  }
  return { faults, verifications, keys: used.size }
}

t.test(
  'no schedule that is accepted ever surprises a verifier, whoever sleeps or dies',
  async (t) => {
    let verifications = 0
    let keys = 0
    for (let seed = 0; seed < 15; seed += 1) {
      const lived = live(`life ${seed}`)
      t.strictSame(lived.faults.slice(0, 3), [], `seed ${seed}`)
      verifications += lived.verifications
      keys += lived.keys
    }
    t.ok(verifications > 30_000, `${verifications} verifications`)
    t.ok(keys > 150, `${keys} keys signed`)
  },
)

t.test('a key that replaces a revoked one signs at once, unless that was long ago', async (t) => {
  const timing = {
    verifierCacheTtlSeconds: 3600,
    keyPublishAheadSeconds: 86_400,
    keyRotateEverySeconds: 30 * 86_400,
  }
  const lead = 3610_000
  const now = 400 * 86_400_000
  const key = (members: Partial<SigningKey>): SigningKey => ({
    kid: 'k',
    algorithm: 'EdDSA',
    state: 'revoked',
    publicJwk: { kid: 'k', alg: 'EdDSA', use: 'sig' },
    sealed: undefined,
    createdAt: 0,
    publishedAt: undefined,
    signsFrom: 1,
    signsUntil: 2,
    withdrawnAt: undefined,
    tokenTtlSeconds: 600,
    ...members,
  })
  const other = key({ kid: 'other', algorithm: 'ES256', state: 'active', signsFrom: now - 1 })
  const made = (keys: SigningKey[]) =>
    decideSteps(keys, ['EdDSA'], timing, now).filter((step) => step.do === 'create')
  const atOnce = [{ algorithm: 'EdDSA', state: 'active', signsFrom: now }]
  const later = [{ algorithm: 'EdDSA', state: 'next', signsFrom: now + lead }]
  t.match(made([other, key({ withdrawnAt: now - lead + 1 })]), atOnce)
  t.match(made([other, key({ withdrawnAt: now - lead })]), later, 'verifiers hold no key of it')
  t.match(made([other, key({ state: 'retired', withdrawnAt: now - 1 })]), later)
  t.match(made([key({ withdrawnAt: 3 })]), atOnce, 'where nothing else signs')
  t.match(made([]), atOnce)
})
