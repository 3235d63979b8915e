import { createDeployment, figuresOf, requireUnharmed, spread } from '../support/deployment.ts'
import { drill, rounds } from '../support/drills.ts'
import { createPrivatePostgres } from '../support/private-postgres.ts'
import { startRefreshLoad } from '../support/refresh-load.ts'
import { roll } from '../support/workers.ts'

const WORKERS = 2
const ENV = { WORKERS: `${WORKERS}` }
const SESSIONS = 30

drill(
  'workers-rolled',
  'SIGHUP again and again under load, 2 workers, 30 sessions: nobody notices',
  async (t) => {
    const postgres = await createPrivatePostgres(t)
    const options = { postgres, processes: 1, sessions: SESSIONS, env: ENV }
    const deployment = await createDeployment(t, options)
    const [service] = deployment.services
    if (service === undefined) throw new Error('there is one service')
    const load = startRefreshLoad(t, deployment.services, deployment.chains)
    const took: number[] = []
    const times = rounds(10)
    for (let round = 0; round < times; round += 1) {
      await load.succeededAfter(Date.now())
      const since = Date.now()
      await roll(service, WORKERS)
      took.push(Date.now() - since)
    }
    const harm = await requireUnharmed(t, deployment, load)
    const { brokenConnections, unavailable } = load.counts
    t.strictSame([brokenConnections, unavailable], [0, 0], 'no request is lost or put off')
    return {
      rolls: times,
      'ms a roll (least / median / most)': spread(took),
      ...figuresOf(load),
      ...harm,
    }
  },
)
