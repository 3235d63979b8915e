import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { query } from '../support/database.ts'
import { createDeployment, figuresOf, requireUnharmed } from '../support/deployment.ts'
import { drill, rounds } from '../support/drills.ts'
import { createPrivatePostgres } from '../support/private-postgres.ts'
import { postmasterOf } from '../support/process.ts'
import { startRefreshLoad } from '../support/refresh-load.ts'
import { createSmallDisk, whyNoSmallDisk } from '../support/small-disk.ts'

/** How long the disk stays full. In milliseconds. */
const LENGTH = rounds(20_000)

drill(
  'disk-full',
  'the disk of Postgres filled to its last byte under load, and freed again; 3 processes, 30 sessions, and logins',
  async (t) => {
    const disk = await createSmallDisk(t, 256)
    const postgres = await createPrivatePostgres(t, disk)
    await postgres.set({ max_wal_size: "'48MB'", checkpoint_timeout: '30' })
    const deployment = await createDeployment(t, { postgres, processes: 3, sessions: 30 })
    const load = startRefreshLoad(t, deployment.services, deployment.chains)
    const logins = startLogins(t, deployment.start)
    await load.succeededAfter(Date.now())
    await pause(1_000)
    const before = { ...load.counts }
    await disk.fill()
    const until = Date.now() + LENGTH
    while (Date.now() < until) {
      // Each takes the server to a new segment of its log, which there is no room for.
      await query(postgres.url, 'select pg_switch_wal()').catch(() => {})
      await pause(500)
      await disk.fill()
    }
    const unavailable = load.counts.unavailable - before.unavailable
    t.ok(unavailable > 0, 'the service met the full disk')
    const refusedLogins = logins.refused()
    const since = Date.now()
    await disk.free()
    // Postgres does not start itself again when it could not even recover: an operator does.
    const gaveUp = (await postmasterOf(postgres.directory)) === undefined
    if (gaveUp) await postgres.start()
    const recovered = (await load.succeededAfter(since)) - since
    await pause(1_000)
    t.strictSame([...new Set(await logins.stop())], [], 'a login succeeds, or is told to come back')
    const harm = await requireUnharmed(t, deployment, load)
    return {
      'ms full': LENGTH,
      '503 while it was full': unavailable,
      'logins refused with 503': refusedLogins,
      'Postgres ended itself and was started by hand': gaveUp ? 'yes' : 'no',
      'ms from room on the disk to a refresh': recovered,
      ...figuresOf(load),
      ...harm,
    }
  },
  await whyNoSmallDisk(),
)

/** Logs users in one after the other; each takes new room on the disk. */
function startLogins(t: Test, start: () => Promise<unknown>) {
  let stopped = false
  let refused = 0
  const wrong: string[] = []
  const logins = (async () => {
    while (!stopped) {
      await start().catch(({ message }: Error) => {
        if (/^no session: 503 /.test(message)) refused += 1
        else wrong.push(message)
      })
      await pause(20)
    }
  })()
  const stop = async () => {
    stopped = true
    await logins
    return wrong
  }
  t.teardown(stop)
  return { refused: () => refused, stop }
}
