import fc from 'fast-check'
import t, { type Test } from 'tap'
import { connectDatabase } from '../../src/db/connect.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { createRefreshTokens } from '../../src/sessions/refresh-token.ts'
import { createTestDatabase } from '../support/database.ts'
import { replay } from '../support/model/replay.ts'
import type { World } from '../support/model/replica.ts'
import { scheduleOf } from '../support/model/schedule.ts'
import { CHANGES_FOUND_BY, share, sharing } from '../support/model/sharing.ts'
import { createSeededRandom } from '../support/random.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'

/** `npm run model` sets it to ten thousand, and draws a seed; MODEL_SEED plays one again. */
const { MODEL_SCHEDULES, MODEL_SEED } = process.env
const SCHEDULES = Number(MODEL_SCHEDULES ?? 300)
const SEED = Number(MODEL_SEED ?? (MODEL_SCHEDULES === undefined ? 20_261_121 : Date.now() % 1e9))
const STEPS = MODEL_SCHEDULES === undefined ? 12 : 24

/** Schedules that run beside each other, each with a session and a clock of its own. */
const LANES = 4

t.setTimeout(3_600_000)

/** Two instances over one database. */
async function createWorld(t: Test): Promise<World> {
  const url = await createTestDatabase(t)
  const connect = () => connectDatabase({ url, poolSize: 6, onIdleError: () => {} })
  const databases = [connect(), connect()] as const
  t.teardown(() => Promise.all(databases.map((database) => database.close())))
  const random = createSeededRandom(t.name)
  const masterKeys = createMasterKeys([TEST_MASTER_KEY])
  return { databases, random, refreshTokens: createRefreshTokens({ masterKeys, random }) }
}

/** Plays a number of schedules, some beside each other; the first one that fails is thrown. */
async function play(property: fc.IAsyncProperty<unknown>, schedules: number): Promise<void> {
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    fc.assert(property, {
      seed: SEED + lane,
      numRuns: Math.ceil(schedules / LANES),
      unbiased: true,
    }),
  )
  for (const lane of await Promise.allSettled(lanes)) {
    if (lane.status === 'rejected') throw lane.reason
  }
}

t.test('the refresh token does what its table of outcomes says', async (t) => {
  const world = await createWorld(t)
  t.comment(`seed ${SEED}`)

  await t.test('whatever happens to it', async (t) => {
    const met = new Map<string, number>()
    const property = fc.asyncProperty(scheduleOf(STEPS), async (schedule) => {
      for (const row of await replay(world, schedule)) met.set(row, (met.get(row) ?? 0) + 1)
    })
    await play(property, SCHEDULES)
    const figures = [...met].sort().map(([row, times]) => `${row}: ${times}`)
    t.comment(`${SCHEDULES} schedules; ${figures.join(', ')}`)
    t.ok(met.size > 20, 'and most rows of the table were met')
  })

  await t.test('a chain that is shared is found by its fifth change of hands', async (t) => {
    let found = 0
    const property = fc.asyncProperty(sharing, async (turns) => {
      const told = await share(world, turns)
      if (told.found) found += 1
      const bound = CHANGES_FOUND_BY[turns.recovery]
      if (told.found ? told.changes <= bound : told.changes < bound) return
      throw new Error(`${told.changes} changes of hands:\n  ${told.outcomes.join('\n  ')}`)
    })
    await play(property, SCHEDULES / 5)
    t.ok(found > 0, `${found} of ${SCHEDULES / 5} were found`)
  })
})
