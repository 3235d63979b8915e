import pg from 'pg'
import { burst } from '../support/bursts.ts'
import { drill, rounds } from '../support/drills.ts'
import { putFarAway } from '../support/far-database.ts'
import { startFleet } from '../support/fleet.ts'

/** In milliseconds, there and back. */
const ROUND_TRIP = 200

drill('latency', 'the same, with 200 ms between the instances and the database', async (t) => {
  let url = ''
  const fleet = await startFleet(t, {
    count: 3,
    // Each connection does only five statements a second.
    env: { DATABASE_POOL_SIZE: '50' },
    async reach(databaseUrl) {
      url = await putFarAway(t, databaseUrl, ROUND_TRIP / 2)
      return url
    },
  })
  const measured = await measureRoundTrip(url)
  const figures = await burst(t, fleet, { sessions: rounds(1_000), beside: 3 })
  return { ...figures, 'ms a round trip': measured }
})

async function measureRoundTrip(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const began = performance.now()
  await client.query('select 1')
  const took = performance.now() - began
  await client.end()
  return Math.round(took)
}
