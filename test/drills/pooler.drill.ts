import { setTimeout as pause } from 'node:timers/promises'
import { createDeployment, figuresOf, requireUnharmed } from '../support/deployment.ts'
import { drill, rounds } from '../support/drills.ts'
import { skipWithoutPooler, startPooler } from '../support/pooler.ts'
import { createPrivatePostgres } from '../support/private-postgres.ts'
import { freePort } from '../support/process.ts'
import { startRefreshLoad } from '../support/refresh-load.ts'

drill(
  'pooler',
  'pgbouncer in transaction mode before Postgres, killed again and again under load; 2 processes, 30 sessions, 3 server connections',
  async (t) => {
    const postgres = await createPrivatePostgres(t)
    const port = await freePort()
    const pooler = await startPooler({ serverUrl: postgres.url, port, poolSize: 3 })
    t.teardown(pooler.close)
    const door = pooler.through(postgres.url)
    const deployment = await createDeployment(t, { postgres, processes: 2, sessions: 30, door })
    const load = startRefreshLoad(t, deployment.services, deployment.chains)
    const kills = rounds(20)
    for (let kill = 0; kill < kills; kill += 1) {
      await load.succeededAfter(Date.now())
      await pause(250)
      await pooler.kill()
      await pause(250)
      await pooler.start()
    }
    const harm = await requireUnharmed(t, deployment, load)

    return { 'pgbouncer killed': kills, ...figuresOf(load), ...harm }
  },
  skipWithoutPooler || undefined,
)
