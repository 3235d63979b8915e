import { readFile } from 'node:fs/promises'
import { type Running, until } from './process.ts'

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
