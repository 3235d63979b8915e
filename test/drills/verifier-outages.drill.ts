import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { drill, type Figures, rounds } from '../support/drills.ts'
import { FAULTS, type Fault, startFaultyJwks } from '../support/faulty-jwks.ts'
import { createOwnKey } from '../support/own-key.ts'
import { until } from '../support/process.ts'
import { ISSUER, ORDERS } from '../support/service.ts'
import { type Sibling, startSibling } from '../support/sibling.ts'

const HOURS = 24
const HOUR = 3600
/** In seconds: what the JWKS says, after which keys are old, and what the verifier waits after a failure. */
const MAX_AGE = 300
const COOL_DOWN = 30

/** Tokens of unknown keys a second, and for so many seconds. */
const FLOOD = 10_000
const FLOOD_SECONDS = 65

drill(
  'verifier-outages',
  'a service that verifies by the package: its JWKS wrong in every way for 24 h on its own clock, starts without one, 10,000 unknown keys a second',
  async (t) => {
    const figures: Figures = {}
    for (const fault of FAULTS) {
      figures[`${fault}, keys known`] = await surviveDay(t, fault)
      figures[`${fault}, cold start`] = await startCold(t, fault)
    }
    return { ...figures, ...(await flood(t, undefined)), ...(await flood(t, 'down')) }
  },
)

/** A verifier that has its keys, and cannot fetch them for a day and some more. */
async function surviveDay(t: Test, fault: Fault): Promise<string> {
  const { jwks, key, sibling } = await start(t)
  let now = await sibling.advance(0)
  t.equal((await sibling.ask(await key.sign(now))).status, 200, `${fault}: before`)
  jwks.suffer(fault)
  const known = tally()
  const unknown = tally()
  const replacement = await createOwnKey('replacement')
  jwks.publish([key.jwk, replacement.jwk])
  for (let hour = 1; hour <= HOURS; hour += 1) {
    now = await sibling.advance(HOUR)
    known.add((await sibling.ask(await key.sign(now))).status)
    unknown.add((await sibling.ask(await replacement.sign(now))).status)
  }
  t.strictSame(known.counts(), { 200: HOURS }, `${fault}: known keys go on for a day`)
  t.strictSame(unknown.counts(), { 503: HOURS }, `${fault}: a new key is no reason for 401`)
  now = await sibling.advance(MAX_AGE + 1)
  const late = await sibling.ask(await key.sign(now))
  t.equal(late.status, 503, `${fault}: after a day nothing is known any more`)
  jwks.suffer(undefined)
  now = await sibling.advance(COOL_DOWN + 1)
  for (const one of [key, replacement]) {
    const token = await one.sign(now)
    await until('the keys', async () => (await sibling.ask(token)).status === 200)
  }
  return `${words(known)} with known keys, ${words(unknown)} with a new one, then ${late.status}, then 200`
}

/** A verifier that has never had keys. */
async function startCold(t: Test, fault: Fault): Promise<string> {
  const { jwks, key, sibling } = await start(t)
  jwks.suffer(fault)
  const seen = tally()
  for (let minute = 0; minute < 5; minute += 1) {
    seen.add((await sibling.ask(await key.sign(await sibling.advance(60)))).status)
  }
  t.strictSame(seen.counts(), { 503: 5 }, `${fault}: a start without keys is our own trouble`)
  jwks.suffer(undefined)
  const token = await key.sign(await sibling.advance(COOL_DOWN + 1))
  await until('the keys', async () => (await sibling.ask(token)).status === 200)
  return `${words(seen)}, then 200`
}

/** Tokens of keys that nobody knows, each another one, and good ones among them. */
async function flood(t: Test, fault: Fault | undefined): Promise<Figures> {
  const { jwks, key, sibling } = await start(t)
  const good = await key.sign(Date.now())
  t.equal((await sibling.ask(good)).status, 200)
  jwks.suffer(fault)
  const replacement = await createOwnKey('replacement')
  const newSeen = tally()
  const before = jwks.asked()
  const { jwks: fetchedBefore } = await sibling.stats()
  const [head = '', payload, signature] = good.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString())
  const seen = tally()
  const goodSeen = tally()
  const seconds = rounds(FLOOD_SECONDS)
  const began = performance.now()
  for (let second = 0; second < seconds; second += 1) {
    const tokens = Array.from({ length: FLOOD }, (_, place) => {
      const named = JSON.stringify({ ...header, kid: `unknown-${second}-${place}` })
      return `${Buffer.from(named).toString('base64url')}.${payload}.${signature}`
    })
    for (const status of await sibling.askAll(tokens)) seen.add(status)
    goodSeen.add((await sibling.ask(good)).status)
    // The flood has just had the keys fetched: what signs now is not among them.
    if (second === 0) jwks.publish([key.jwk, replacement.jwk])
    newSeen.add((await sibling.ask(await replacement.sign(Date.now()))).status)
    await pause(Math.max(0, began + (second + 1) * 1000 - performance.now()))
  }
  const took = (performance.now() - began) / 1000
  const rate = (seconds * FLOOD) / took
  const { jwks: fetchedAfter } = await sibling.stats()
  const fetches = fetchedAfter.fetches - fetchedBefore.fetches
  const most = Math.ceil(took / COOL_DOWN)
  const name = `unknown keys, JWKS ${fault ?? 'well'}`
  t.ok(fetches <= most, `${name}: ${fetches} fetches in ${took.toFixed(0)} s`)
  t.strictSame(goodSeen.counts(), { 200: seconds }, `${name}: good tokens are not disturbed`)
  t.equal(newSeen.counts()[401], undefined, `${name}: a key that came meanwhile is never 401`)
  const others = Object.keys(seen.counts()).filter((status) => !['401', '503'].includes(status))
  t.strictSame(others, [], `${name}: none is taken`)
  if (fault !== undefined) {
    t.equal(seen.counts()[401], undefined, `${name}: not known, and not 401`)
  }
  return {
    [`${name}, a second`]: Math.round(rate),
    [`${name}, fetches`]: `${fetches} in ${took.toFixed(0)} s (${jwks.asked() - before} requests with retries)`,
    [`${name}, answers`]: `${words(seen)}; good tokens ${words(goodSeen)}; of a new key ${words(newSeen)}`,
  }
}

async function start(t: Test) {
  const jwks = await startFaultyJwks(t)
  const key = await createOwnKey('first')
  jwks.publish([key.jwk])
  const sibling: Sibling = await startSibling(t, {
    issuer: ISSUER,
    audience: ORDERS,
    jwksUri: jwks.uri,
    // Slow is then what does not come within 0.3 s.
    timeout: 300,
  })
  return { jwks, key, sibling }
}

/** Counts answers by their status. */
function tally() {
  const counts: Record<number, number> = {}
  return {
    add(status: number) {
      counts[status] = (counts[status] ?? 0) + 1
    },
    counts: () => counts,
  }
}

const words = ({ counts }: ReturnType<typeof tally>) =>
  Object.entries(counts())
    .map(([status, count]) => `${count.toLocaleString('en')} × ${status}`)
    .join(', ')
