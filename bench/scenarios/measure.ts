import type { Contestant, Effort, Entry } from '../contestants/contestant.ts'
import type { Cluster } from '../database/cluster.ts'
import type { LoadResult } from '../load/load.ts'
import { accept, type Sample, sample } from '../measure/sample.ts'
import { type Rows, rowsPerRequest, rowsWritten, untilCounted } from '../measure/written.ts'
import { connectionsOf, type ScenarioName } from './names.ts'

/** How long and how often is measured. */
export interface Pace {
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
}

/** What a contestant has shown in a scenario. */
export interface Outcome {
  readonly contestant: string
  readonly kind: Contestant['kind']
  readonly samples: Sample[]
  /** Written for each request of the warm-up; undefined of who has no database of its own. */
  rows?: Rows
  /** Why it has no figures, or not all. */
  broken?: string
}

export interface ScenarioResult {
  readonly scenario: ScenarioName
  readonly connections: number
  readonly outcomes: readonly Outcome[]
}

interface Runner {
  readonly contestant: Contestant
  readonly entry: Entry
  readonly outcome: Outcome
  /** Written before it began. */
  rows?: Rows
  /** Made since it began. */
  requests: number
}

const WARM_UP_SECONDS = 3
/** With fewer rounds it is a trial, which does not wait until rows have been counted. */
export const ROUNDS_THAT_COUNT = 3

/**
 * Measures a scenario with all who can do it: each round has everybody once, so that whatever else
 * the machine does befalls all alike. Who breaks is left out from then on, and its outcome says why.
 */
export async function measureScenario(
  scenario: ScenarioName,
  contestants: readonly Contestant[],
  { cluster, pace }: { cluster: Cluster; pace: Pace },
): Promise<ScenarioResult> {
  const connections = connectionsOf(scenario, pace.connections)
  const isCounting = pace.rounds >= ROUNDS_THAT_COUNT
  const runners = await enterAll(scenario, contestants)
  const each = async (step: (runner: Runner) => Promise<void>) => {
    for (const runner of runners) {
      if (runner.outcome.broken !== undefined) continue
      await step(runner).catch((error: Error) => {
        runner.outcome.broken = error.message
      })
    }
  }
  const warmUp = (isCounted: boolean) =>
    each(async (runner) => {
      if ((runner.contestant.databaseUrl !== undefined) !== isCounted) return
      const seconds = Math.min(WARM_UP_SECONDS, pace.seconds)
      accept(await run(runner, { connections, seconds }, pace.rounds + 1))
    })
  // pgbench writes to a database of another, so it waits until that one's rows have been counted.
  if (isCounting) await countRows(each, () => warmUp(true))
  else await warmUp(true)
  await warmUp(false)
  for (let round = 0; round < pace.rounds; round += 1) {
    await each(async (runner) => {
      const { contestant, outcome } = runner
      const effort = { connections, seconds: pace.seconds }
      outcome.samples.push(
        await sample(cluster, contestant.pid, () => run(runner, effort, pace.rounds - round)),
      )
    })
  }
  return { scenario, connections, outcomes: runners.map(({ outcome }) => outcome) }
}

/** Counts the rows that everybody writes in a database of their own during `work`. */
async function countRows(
  each: (step: (runner: Runner) => Promise<void>) => Promise<void>,
  work: () => Promise<void>,
): Promise<void> {
  // What came before is not its own.
  await untilCounted()
  await each(async (runner) => {
    const { databaseUrl } = runner.contestant
    if (databaseUrl !== undefined) runner.rows = await rowsWritten(databaseUrl)
  })
  await work()
  await untilCounted()
  await each(async ({ contestant: { databaseUrl }, outcome, rows, requests }) => {
    if (databaseUrl === undefined || rows === undefined) return
    outcome.rows = rowsPerRequest(rows, await rowsWritten(databaseUrl), requests)
  })
}

async function enterAll(scenario: ScenarioName, contestants: readonly Contestant[]) {
  const runners: Runner[] = []
  for (const contestant of contestants) {
    const entry = await contestant.enter(scenario)
    if (entry === undefined) continue
    const outcome: Outcome = { contestant: contestant.name, kind: contestant.kind, samples: [] }
    runners.push({ contestant, entry, outcome, requests: 0 })
  }
  return runners
}

/** One run; of what can be done once only, no more than leaves as much to each of `runsLeft`. */
async function run(runner: Runner, effort: Effort, runsLeft: number): Promise<LoadResult> {
  const left = runner.entry.left?.()
  // The load generator stops a little after it was told to.
  const atMost = left && Math.floor(left / runsLeft) - 4 * effort.connections
  const result = await runner.entry.run({ ...effort, atMost })
  runner.requests += result.requests
  return result
}
