import { setTimeout as pause } from 'node:timers/promises'
import { query } from '../support/database.ts'
import { createDeployment, figuresOf, ROLE, requireUnharmed } from '../support/deployment.ts'
import { drill, rounds } from '../support/drills.ts'
import { createPrivatePostgres } from '../support/private-postgres.ts'
import { startRefreshLoad } from '../support/refresh-load.ts'

const TERMINATE = `select pg_terminate_backend(pid) from pg_stat_activity
  where usename = '${ROLE}' order by random() limit 1`

drill(
  'connections-terminated',
  'pg_terminate_backend of a connection at random under load, 3 processes, 30 sessions',
  async (t) => {
    const postgres = await createPrivatePostgres(t)
    const deployment = await createDeployment(t, { postgres, processes: 3, sessions: 30 })
    const load = startRefreshLoad(t, deployment.services, deployment.chains)
    await load.succeededAfter(Date.now())
    const wanted = rounds(300)
    for (let terminated = 0; terminated < wanted; ) {
      terminated += (await query(postgres.url, TERMINATE)).length
      await pause(40)
    }
    const harm = await requireUnharmed(t, deployment, load)
    return {
      'connections terminated': wanted,
      ...figuresOf(load),
      ...harm,
    }
  },
)
