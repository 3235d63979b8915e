import { deploy } from '../contestants/mintmark/deployment.ts'
import { median } from '../report/statistics.ts'
import { figure } from '../report/table.ts'
import type { Question } from './finding.ts'

const STARTS = 5

/** How soon does a process answer that it is ready, from the moment that it is started? */
export const start: Question = async ({ cluster, build }) => {
  const deployment = await deploy(build, await cluster.createDatabase('bench_start'))
  // The very first one makes the signing keys.
  await (await deployment.start()).program.close()
  const times: number[] = []
  for (let count = 0; count < STARTS; count += 1) {
    const before = performance.now()
    const { program } = await deployment.start()
    times.push(performance.now() - before)
    await program.close()
  }
  return {
    figures: { readyMs: median(times), leastMs: Math.min(...times), mostMs: Math.max(...times) },
    lines: [
      `ready after ${times.map((time) => time.toFixed(0)).join(', ')} ms: ${figure(median(times))} in the middle`,
    ],
  }
}
