import { fileURLToPath } from 'node:url'
import { buildService } from './contestants/mintmark/build.ts'
import { PEERS } from './contestants/peer.ts'
import type { Context } from './context.ts'
import { startCluster } from './database/cluster.ts'
import { chooseGenerator } from './load/generator.ts'
import { readOptions } from './options.ts'
import { askAll } from './questions/ask.ts'
import { readResults, writeResults } from './report/folder.ts'
import { describeMachine } from './report/machine.ts'
import { joinResults } from './report/results.ts'
import { describeTargets } from './report/targets.ts'
import { ROUNDS_THAT_COUNT } from './scenarios/measure.ts'
import { runScenarios } from './scenarios/run.ts'

const STATE = fileURLToPath(new URL('.state', import.meta.url))

/** The whole bench; returns its exit code, 1 when something broke. Throws on what cannot be begun. */
export async function bench(args: string[]): Promise<number> {
  const options = readOptions(args, PEERS)
  const generator = chooseGenerator(options.generator)
  console.log(`Load by ${generator.name}. Building the service and starting a Postgres.`)
  const build = await buildService()
  const cluster = await startCluster(STATE)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      console.log(`\n${signal}: stopping`)
      void cluster.close().finally(() => process.exit(130))
    })
  }
  try {
    const context: Context = { options, build, cluster, send: generator.send }
    const machine = await describeMachine(cluster.url, generator.name)
    const measured =
      options.scenarios.length > 0 ? await runScenarios(context) : { results: [], broken: false }
    const { findings, broken } = await askAll(context)
    const date = new Date().toISOString().slice(0, 10)
    const run = { machine, pace: options.pace, scenarios: measured.results, findings }
    // A trial neither replaces real results nor is mixed with them.
    const isTrial = options.pace.rounds < ROUNDS_THAT_COUNT
    const results = joinResults(run, isTrial ? undefined : await readResults(date))
    console.log(`\n${describeTargets(results.targets)}`)
    console.log(
      isTrial
        ? `\nFewer than ${ROUNDS_THAT_COUNT} rounds: a trial, nothing is written.`
        : `\nWritten: ${(await writeResults(date, results)).join(', ')}`,
    )
    const isBroken = measured.broken || broken
    if (isBroken) console.log('\nSomething broke: see BROKEN above.')
    return isBroken ? 1 : 0
  } finally {
    await cluster.close()
  }
}
