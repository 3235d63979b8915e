import type { Outcome, ScenarioResult } from '../scenarios/measure.ts'
import { EXPLAINED } from '../scenarios/names.ts'
import { median, medianOf } from './statistics.ts'
import { drawTable, figure } from './table.ts'

const HEADER = [
  'contestant',
  'per s',
  'min',
  'max',
  'ours is',
  'p50 ms',
  'p99 ms',
  'CPU ms',
  'Postgres',
  'load',
  'RSS MB',
  'WAL B',
  'ins',
  'upd',
  'HOT',
  'del',
]

/** A scenario as text: medians of the runs, and all that was spent for each request. */
export function describeScenario({ scenario, connections, outcomes }: ScenarioResult): string {
  const ours = outcomes.find(({ kind }) => kind === 'ours')
  const rows = outcomes
    .filter(({ samples }) => samples.length > 0)
    .map((outcome) => describeOutcome(outcome, ours))
  const broken = outcomes
    .filter(({ broken }) => broken !== undefined)
    .map(({ contestant, broken }) => `BROKEN: ${contestant}: ${broken}`)
  const title = `${scenario}: ${EXPLAINED[scenario]} (${connections} at once)`
  return [title, drawTable(HEADER, rows), ...broken].join('\n')
}

function describeOutcome(outcome: Outcome, ours: Outcome | undefined): string[] {
  const { contestant, samples, rows } = outcome
  const rate = ratesOf(outcome)
  const own = ours === undefined ? undefined : median(ratesOf(ours))
  return [
    contestant,
    figure(median(rate)),
    figure(Math.min(...rate)),
    figure(Math.max(...rate)),
    outcome === ours || own === undefined ? '' : `${figure(own / median(rate))} ×`,
    figure(medianOf(samples.map(({ p50 }) => p50))),
    figure(medianOf(samples.map(({ p99 }) => p99))),
    figure(medianOf(samples.map(({ cpu }) => cpu.process))),
    figure(medianOf(samples.map(({ cpu }) => cpu.postgres))),
    figure(medianOf(samples.map(({ cpu }) => cpu.load))),
    figure(inMegabytes(medianOf(samples.map(({ rssBytes }) => rssBytes)))),
    figure(medianOf(samples.map(({ walBytesPerRequest }) => walBytesPerRequest))),
    figure(rows?.inserted),
    figure(rows?.updated),
    figure(rows?.hot),
    figure(rows?.deleted),
  ]
}

/** Requests a second of each run. */
export function ratesOf({ samples }: Outcome): number[] {
  return samples.map(({ perSecond }) => perSecond)
}

function inMegabytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 1e6
}
