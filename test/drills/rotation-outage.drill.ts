import { setTimeout as pause } from 'node:timers/promises'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { drill, rounds } from '../support/drills.ts'
import { type KeyFleet, PACE, untilOneOfEach } from '../support/key-fleet.ts'
import { type GatedDatabase, putGate } from '../support/outage.ts'
import { until } from '../support/process.ts'
import { startVerifiedFleet } from '../support/verified-fleet.ts'

const ALGORITHMS: Algorithm[] = ['ES256', 'RS256']

/** In seconds: longer than a key is published ahead, and longer than it signs. */
const LENGTHS = [PACE.publishAhead + 5, PACE.rotateEvery + 15]

drill(
  'rotation-outage',
  'the database away for 25 s and for 45 s, from the moment that one of three instances has made a key, and from any other; keys replaced every 30 s',
  async (t) => {
    let gate: GatedDatabase | undefined
    let isAway = false
    const verified = await startVerifiedFleet(t, {
      replicas: [{}, {}, {}],
      algorithms: ALGORITHMS,
      reach: async (databaseUrl) => {
        gate = await putGate(t, databaseUrl)
        return gate.url
      },
      isUnlike: () => isAway,
    })
    const { fleet, load } = verified
    const outages = Array.from({ length: rounds(2) }, () => LENGTHS).flat()
    for (const [place, seconds] of outages.entries()) {
      const before = new Set((await fleet.keys()).map(({ kid }) => kid))
      // Now and then before all of the others have read of it.
      if (place % 2 === 0) await until('a new key', () => hasOther(fleet, before))
      else await pause(7_000)
      isAway = true
      await gate?.shut()
      await pause(seconds * 1000)
      await gate?.open()
      isAway = false
      const known = new Set((await fleet.keys()).map(({ kid }) => kid))
      const issued = load.issued()
      await until('the next key', () => hasOther(fleet, known))
      await until('tokens again', async () => load.issued() > issued)
      // Long enough for verifiers to fetch what the instances answer now, and then some.
      await pause(PACE.rotateEvery * 1000)
    }
    const figures = await verified.finish()
    await untilOneOfEach(fleet)
    return { outages: outages.length, ...figures }
  },
)

async function hasOther(fleet: KeyFleet, known: ReadonlySet<string>): Promise<boolean> {
  const keys = await fleet.keys()
  return keys.some(({ kid }) => !known.has(kid))
}
