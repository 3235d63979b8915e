import type { Cluster } from '../database/cluster.ts'
import type { LoadResult } from '../load/load.ts'
import { familyCpuSeconds, processCpuSeconds } from './cpu.ts'
import { residentBytes } from './memory.ts'
import { walBytes } from './written.ts'

/** What one run has shown. Times in milliseconds. */
export interface Sample {
  readonly requests: number
  readonly perSecond: number
  /** Undefined where single requests were not timed; so is what follows where it makes no sense. */
  readonly p50: number | undefined
  readonly p99: number | undefined
  /** Of a core for each request; undefined where the system does not tell. */
  readonly cpu: {
    readonly process: number | undefined
    readonly postgres: number | undefined
    readonly load: number | undefined
  }
  /** Resident at the end of the run. */
  readonly rssBytes: number | undefined
  readonly walBytesPerRequest: number | undefined
}

/** Thrown when a run met anything but success: then its figures say nothing. */
export class Broken extends Error {}

/**
 * Makes a run and measures everything around it.
 * @param pid of whoever answers; undefined when nobody stands before Postgres
 * Rejects with {@link Broken} when a request failed, or none was answered.
 */
export async function sample(
  cluster: Cluster,
  pid: number | undefined,
  run: () => Promise<LoadResult>,
): Promise<Sample> {
  const cpu = () => ({
    process: pid === undefined ? undefined : processCpuSeconds(pid),
    postgres: familyCpuSeconds(cluster.pid),
  })
  const walBefore = await walBytes(cluster.url)
  const before = cpu()
  const result = await run()
  const after = cpu()
  const walAfter = await walBytes(cluster.url)
  accept(result)
  const { requests } = result
  const each = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? undefined : ((to - from) * 1000) / requests
  return {
    requests,
    perSecond: requests / result.seconds,
    p50: result.p50,
    p99: result.p99,
    cpu: {
      process: each(before.process, after.process),
      postgres: each(before.postgres, after.postgres),
      load: each(0, result.cpuSeconds),
    },
    rssBytes: pid === undefined ? undefined : residentBytes(pid),
    walBytesPerRequest: (walAfter - walBefore) / requests,
  }
}

/** Throws {@link Broken} unless every request was answered as it should be. */
export function accept({ requests, failures, firstFailure }: LoadResult): void {
  if (failures > 0) {
    throw new Broken(
      `${failures} of ${requests} requests failed, the first with: ${firstFailure ?? 'a status above 399'}`,
    )
  }
  if (requests === 0) throw new Broken('nothing was answered')
}
