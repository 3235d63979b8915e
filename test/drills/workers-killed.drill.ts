import { setTimeout as pause } from 'node:timers/promises'
import { figuresOf, requireUnharmed } from '../support/deployment.ts'
import { drill, rounds } from '../support/drills.ts'
import { until } from '../support/process.ts'
import { isAlive, startLoadedWorkers, WORKERS, workersOf } from '../support/workers.ts'

drill(
  'workers-killed',
  'workers ended by kill -9 while others are rolled, and at last the first process',
  async (t) => {
    const { deployment, service, load } = await startLoadedWorkers(t)
    const times = rounds(10)
    for (let round = 0; round < times; round += 1) {
      await load.succeededAfter(Date.now())
      if (round % 2 === 0) service.signal('SIGHUP')
      await pause(round * 97)
      const [victim] = (await workersOf(service)).slice(round % 2)
      if (victim !== undefined) process.kill(victim, 'SIGKILL')
      await pause(2_000)
    }
    await until('all', async () => (await workersOf(service)).length === WORKERS)
    const harm = await requireUnharmed(t, deployment, load)
    const orphans = await workersOf(service)
    service.signal('SIGKILL')
    await service.ended()
    await until('their end', async () => !orphans.some(isAlive))
    return { 'workers ended': times, ...figuresOf(load), ...harm, 'workers left behind': 0 }
  },
)
