import { burst } from '../support/bursts.ts'
import { drill, rounds } from '../support/drills.ts'
import { startFleet } from '../support/fleet.ts'

drill('replicas', '50 refreshes at once of each session, over three instances', async (t) => {
  const fleet = await startFleet(t, { count: 3 })
  return burst(t, fleet, { sessions: rounds(1_000), beside: 1 })
})
