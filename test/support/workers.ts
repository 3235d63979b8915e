import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { createDeployment } from './deployment.ts'
import { createPrivatePostgres } from './private-postgres.ts'
import { type Running, until } from './process.ts'
import { startRefreshLoad } from './refresh-load.ts'

/** How many workers {@link startLoadedWorkers} has. */
export const WORKERS = 2

/** A service of two workers, with a Postgres of its own, whose sessions are refreshed all the time. */
export async function startLoadedWorkers(t: Test) {
  const postgres = await createPrivatePostgres(t)
  const env = { WORKERS: `${WORKERS}` }
  const deployment = await createDeployment(t, { postgres, processes: 1, sessions: 30, env })
  const [service] = deployment.services
  if (service === undefined) throw new Error('there is one service')
  const load = startRefreshLoad(t, deployment.services, deployment.chains)
  return { deployment, service, load }
}

/** The process ids of the workers of a service (Linux). */
export async function workersOf({ pid }: { pid: number }): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.split(' ').filter(Boolean).map(Number)
}

/** Sends SIGHUP, and returns when `count` workers are there of which none was there before. */
export async function roll(service: Running, count: number): Promise<void> {
  const before = await workersOf(service)
  service.signal('SIGHUP')
  await until('a new worker in every place', async () => {
    const now = await workersOf(service)
    return now.length === count && now.every((pid) => !before.includes(pid))
  })
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
