import { globSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { drill, rounds } from '../support/drills.ts'
import { PACE, untilOneOfEach } from '../support/key-fleet.ts'
import { startVerifiedFleet } from '../support/verified-fleet.ts'

const [LIBRARY] = globSync('/usr/lib/*/faketime/libfaketime.so.1')

const ALGORITHMS: Algorithm[] = ['ES256', 'RS256']

const SHIFTS = ['-90s', '+0s', '+90s']

/** Where the clock of one of them is put while it runs: further than a key signs. */
const STEPS = ['+400s', '-400s', '+0s']

drill(
  'rotation-clocks',
  'keys replaced every 30 s by instances whose hosts’ clocks are 90 s behind, right, 90 s ahead, and set by minutes while it runs',
  async (t) => {
    const set = join(t.testdir(), 'clock')
    await writeFile(set, '+0s\n')
    const faketime = {
      LD_PRELOAD: `${LIBRARY}`,
      // A clock that is set wrong runs no differently.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
    const stepping = {
      ...faketime,
      FAKETIME_TIMESTAMP_FILE: set,
      FAKETIME_CACHE_DURATION: '1',
    }
    const verified = await startVerifiedFleet(t, {
      replicas: [...SHIFTS.map((FAKETIME) => ({ ...faketime, FAKETIME })), stepping],
      algorithms: ALGORITHMS,
    })
    const { fleet, load } = verified
    const steps = Array.from({ length: rounds(2) }, () => STEPS).flat()
    for (const step of steps) {
      await pause(PACE.rotateEvery * 1000)
      await writeFile(set, `${step}\n`)
    }
    await pause(PACE.rotateEvery * 1000)
    const figures = await verified.finish()
    t.equal(load.unavailable(), 0, 'no clock is an outage')
    await untilOneOfEach(fleet)
    const turns = ALGORITHMS.map((algorithm) => {
      const own = [...load.signings.values()].filter(({ alg }) => alg === algorithm)
      t.ok(own.length >= steps.length, `${algorithm}: ${own.length} keys have signed`)
      return `${algorithm} ${own.length}`
    })
    return { 'clock set': steps.length, 'keys that signed': turns.join(', '), ...figures }
  },
  LIBRARY === undefined ? 'libfaketime is not installed' : undefined,
)
