import { setTimeout as pause } from 'node:timers/promises'
import { createDeployment, figuresOf, requireUnharmed, spread } from '../support/deployment.ts'
import { drill, rounds } from '../support/drills.ts'
import { createPrivatePostgres } from '../support/private-postgres.ts'
import { startRefreshLoad } from '../support/refresh-load.ts'

drill(
  'postgres-killed',
  'the postmaster ended by kill -9 under load and started again, 3 processes, 30 sessions',
  async (t) => {
    const postgres = await createPrivatePostgres(t)
    const deployment = await createDeployment(t, { postgres, processes: 3, sessions: 30 })
    const load = startRefreshLoad(t, deployment.services, deployment.chains)
    const outages: number[] = []
    const times = rounds(10)
    for (let round = 0; round < times; round += 1) {
      await load.succeededAfter(Date.now())
      await pause(500 + round * 37)
      const since = Date.now()
      await postgres.crash()
      await postgres.start()
      outages.push((await load.succeededAfter(since)) - since)
    }
    await pause(1_000)
    const harm = await requireUnharmed(t, deployment, load)
    return {
      'times ended': times,
      'ms until a refresh succeeded (least / median / most)': spread(outages),
      ...figuresOf(load),
      ...harm,
    }
  },
)
