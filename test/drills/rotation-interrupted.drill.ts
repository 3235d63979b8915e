import type { Test } from 'tap'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { query } from '../support/database.ts'
import { drill } from '../support/drills.ts'
import { createHold, type Hold } from '../support/hold.ts'
import { applicationName, type KeyFleet, untilOneOfEach } from '../support/key-fleet.ts'
import { until } from '../support/process.ts'
import { startVerifiedFleet } from '../support/verified-fleet.ts'

const ALGORITHMS: Algorithm[] = ['ES256']

/** Every statement that changes something, and every commit, in their order. */
const POINTS = [
  'row retiring',
  'row active',
  'event key.activated',
  'event key.retiring',
  'commit active',
  // Between the transactions: one key signs, and none is to follow it.
  'row next',
  'event key.created',
  'commit next',
  'row published',
  'event key.published',
  'commit published',
  'row retired',
  'event key.retired',
  'commit retired',
]

drill(
  'rotation-interrupted',
  'the one of three instances that replaces a key killed (-9) at each of its statements and commits; keys replaced every 30 s',
  async (t) => {
    const verified = await startVerifiedFleet(t, { replicas: [{}, {}, {}], algorithms: ALGORITHMS })
    const { fleet, load } = verified
    const hold = await createHold(t, fleet.databaseUrl)
    const finished: number[] = []
    for (const point of POINTS) finished.push(await interrupt(fleet, hold, point))
    await untilOneOfEach(fleet)
    await requireEachStepOnce(t, fleet)
    const kids = new Set((await fleet.keys()).map(({ kid }) => kid))
    const lost = [...load.signings.keys()].filter((kid) => !kids.has(kid))
    t.strictSame(lost, [], 'no key is lost')
    return {
      kills: finished.length,
      's until another instance had finished, most': Math.max(...finished).toFixed(1),
      'keys lost': lost.length,
      ...(await verified.finish()),
    }
  },
)

/** Ends whoever comes to the point. Returns how long the others took to finish, in seconds. */
async function interrupt(fleet: KeyFleet, hold: Hold, point: string): Promise<number> {
  await untilOneOfEach(fleet)
  const before = await fleet.keys()
  // What is retired was long ago made, or it would not be its turn yet.
  if (point.endsWith('retired')) await until('a key to retire', () => hasRetiring(fleet))
  await hold.at(point)
  const name = await hold.caught()
  const place = fleet.replicas.findIndex((_, at) => applicationName(at) === name)
  const victim = fleet.replicas[place]
  victim?.signal('SIGKILL')
  await victim?.ended()
  const killedAt = performance.now()
  await hold.release()
  await until(`what was begun at "${point}"`, () => isFinished(fleet, before, point))
  const seconds = (performance.now() - killedAt) / 1000
  await fleet.replace(place)
  return seconds
}

type Keys = Awaited<ReturnType<KeyFleet['keys']>>

/** Whether the step of the point, and what follows from it, has been taken since. */
async function isFinished(fleet: KeyFleet, before: Keys, point: string): Promise<boolean> {
  const keys = await fleet.keys()
  const inState = (all: Keys, state: string) =>
    all.filter((key) => key.state === state).map(({ kid }) => kid)
  if (point.endsWith('retired')) {
    return inState(keys, 'retired').length > inState(before, 'retired').length
  }
  const [active] = inState(keys, 'active')
  const [next] = inState(keys, 'next')
  return active === inState(before, 'next')[0] && next !== undefined && next !== active
}

async function hasRetiring(fleet: KeyFleet): Promise<boolean> {
  return (await fleet.keys()).some(({ state }) => state === 'retiring')
}

/** Whoever finished it has not done again what was done. */
async function requireEachStepOnce(t: Test, { databaseUrl }: KeyFleet): Promise<void> {
  const twice = await query(
    databaseUrl,
    `select type, detail->>'kid' as kid, count(*)::int as times from events
      where type like 'key.%' group by 1, 2 having count(*) > 1`,
  )
  t.strictSame(twice, [], 'each step of each key is written down once')
}
