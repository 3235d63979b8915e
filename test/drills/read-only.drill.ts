import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { socketFile } from '../../src/db/embedded/site.ts'
import { query } from '../support/database.ts'
import { createDeployment, figuresOf, ROLE, requireUnharmed } from '../support/deployment.ts'
import { drill, rounds } from '../support/drills.ts'
import { createPrivatePostgres, type PrivatePostgres } from '../support/private-postgres.ts'
import { stateDirectory } from '../support/process.ts'
import { startRefreshLoad } from '../support/refresh-load.ts'

const run = promisify(execFile)

const READ_ONLY = { default_transaction_read_only: 'on' }
const WRITABLE = { default_transaction_read_only: 'off' }

/** How long nobody takes writes. In milliseconds. */
const LENGTH = rounds(5_000)

drill(
  'read-only',
  'the primary turns read-only under load (25006) and back; then again, and another server takes its place at the same address; 3 processes, 30 sessions',
  async (t) => {
    const primary = await createPrivatePostgres(t)
    const door = await createDoor(t, primary)
    const deployment = await createDeployment(t, {
      postgres: primary,
      processes: 3,
      sessions: 30,
      door: door.url,
    })
    const load = startRefreshLoad(t, deployment.services, deployment.chains)
    const readOnlyFor = async (meanwhile: () => Promise<void>) => {
      await load.succeededAfter(Date.now())
      const before = load.counts.unavailable
      await primary.set(READ_ONLY)
      await pause(LENGTH)
      await meanwhile()
      const since = Date.now()
      const recovered = (await load.succeededAfter(since)) - since
      t.ok(load.counts.unavailable > before, 'a read-only primary is an outage')
      return { unavailable: load.counts.unavailable - before, recovered }
    }
    const back = await readOnlyFor(() => primary.set(WRITABLE))
    let successor = primary
    const failover = await readOnlyFor(async () => {
      successor = await createSuccessor(t, primary)
      door.leadTo(successor)
    })
    await pause(1_000)
    const harm = await requireUnharmed(t, { ...deployment, postgres: successor }, load)
    const stale = await query(
      primary.url,
      `select pid from pg_stat_activity where usename = '${ROLE}'`,
    )
    t.strictSame(stale, [], 'nobody is connected to the old primary, which still runs')
    return {
      'ms read-only': LENGTH,
      '503 until it took writes again': back.unavailable,
      'ms to a refresh': back.recovered,
      '503 until another took over': failover.unavailable,
      'ms to a refresh on the other': failover.recovered,
      'connections left to the old primary': stale.length,
      ...figuresOf(load),
      ...harm,
    }
  },
)

/** An address whose new connections can be led to another server; those that are open stay. */
async function createDoor(t: Test, { url, directory }: PrivatePostgres) {
  let behind = directory
  const server = createServer((near) => {
    const far = connect(socketFile(join(behind, 'socket')))
    pipeline(near, far, near, () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = new URL(url)
  address.search = ''
  address.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: address.href,
    leadTo(postgres: PrivatePostgres) {
      behind = postgres.directory
    },
  }
}

/** A second server with all that the first one holds, which is read-only and at rest. */
async function createSuccessor(t: Test, primary: PrivatePostgres): Promise<PrivatePostgres> {
  const directory = await stateDirectory(t)
  await mkdir(directory, { mode: 0o700 })
  await query(primary.url, 'checkpoint')
  await run('cp', ['-a', join(primary.directory, 'cluster'), directory])
  const data = join(directory, 'cluster', 'data')
  await rm(join(data, 'postmaster.pid'))
  await writeFile(join(data, 'postgresql.auto.conf'), '')
  return createPrivatePostgres(t, { directory })
}
