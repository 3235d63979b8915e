import { figuresOf, requireUnharmed, spread } from '../support/deployment.ts'
import { drill, rounds } from '../support/drills.ts'
import { roll, startLoadedWorkers, WORKERS } from '../support/workers.ts'

drill(
  'workers-rolled',
  'SIGHUP again and again under load, 2 workers, 30 sessions: nobody notices',
  async (t) => {
    const { deployment, service, load } = await startLoadedWorkers(t)
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
