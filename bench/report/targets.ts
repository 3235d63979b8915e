import type { Findings } from '../questions/finding.ts'
import type { Outcome, ScenarioResult } from '../scenarios/measure.ts'
import type { ScenarioName } from '../scenarios/names.ts'
import { ratesOf } from './scenario-table.ts'
import { median, medianOf } from './statistics.ts'
import { drawTable, figure } from './table.ts'

/** Something that is to be reached, and whether it is. */
export interface Target {
  readonly measure: string
  readonly target: string
  /** Undefined where it was not measured. */
  readonly seen: string | undefined
  /** Undefined where what was seen does not say. */
  readonly met: boolean | undefined
}

type Scenarios = Partial<Record<ScenarioName, Pick<ScenarioResult, 'outcomes'>>>

/** What was to be reached, beside what the measurements say. Reached or not, nothing fails. */
export function judge(scenarios: Scenarios, findings: Findings): Target[] {
  const { flat, logins, million, memory, start, wal } = findings
  return [
    atLeast('rotations/s against pgbench', 0.9, against(scenarios.rotate, 'pgbench')),
    atLeast('rotations/s against the best peer', 6, againstPeers(scenarios.rotate)),
    atLeast(
      'client_credentials/s against the best peer',
      2,
      againstPeers(scenarios.client_credentials),
    ),
    atLeast('introspections/s against the best peer', 3, againstPeers(scenarios.introspect)),
    atLeast('JWKS/s against bare Fastify', 0.9, against(scenarios.jwks, 'bare Fastify')),
    rotateP99(scenarios.rotate?.outcomes),
    atLeast('10 M sessions against 10 k', 0.9, flat?.figures.ratio),
    below('rotate p99 beside 100 logins', 3, '×', logins?.figures.ratio),
    unchanged(million?.figures),
    rss(memory?.figures),
    below('start to ready', 1_000, 'ms', start?.figures.readyMs),
    below('WAL per rotation', 350, 'B', wal?.figures.bytesPerRotation),
  ]
}

/** The targets as text. */
export function describeTargets(targets: readonly Target[]): string {
  const verdict = ({ seen, met }: Target) => {
    if (seen === undefined) return 'not measured'
    return met === undefined ? 'says nothing' : met ? 'met' : 'NOT MET'
  }
  const rows = targets.map((one) => [one.measure, one.target, one.seen ?? '', verdict(one)])
  return drawTable(['measure', 'target', 'seen', ''], rows)
}

function against(result: Scenarios[ScenarioName], name: string): number | undefined {
  const own = rateOf(result?.outcomes.find(({ kind }) => kind === 'ours'))
  const other = rateOf(result?.outcomes.find(({ contestant }) => contestant === name))
  return own === undefined || other === undefined ? undefined : own / other
}

function againstPeers(result: Scenarios[ScenarioName]): number | undefined {
  const own = rateOf(result?.outcomes.find(({ kind }) => kind === 'ours'))
  const peers = result?.outcomes.filter(({ kind }) => kind === 'peer') ?? []
  const rates = peers.map(rateOf).filter((rate) => rate !== undefined)
  return own === undefined || rates.length === 0 ? undefined : own / Math.max(...rates)
}

function rateOf(outcome: Outcome | undefined): number | undefined {
  return outcome === undefined || outcome.samples.length === 0
    ? undefined
    : median(ratesOf(outcome))
}

function atLeast(measure: string, least: number, seen: number | undefined): Target {
  const target = `at least ${least} ×`
  if (seen === undefined) return { measure, target, seen, met: undefined }
  return { measure, target, seen: `${figure(seen)} ×`, met: seen >= least }
}

function below(measure: string, most: number, unit: string, seen: number | undefined): Target {
  const target = `under ${figure(most)} ${unit}`
  if (seen === undefined) return { measure, target, seen, met: undefined }
  return { measure, target, seen: `${figure(seen)} ${unit}`, met: seen < most }
}

/** Only where the machine is quiet enough to tell. */
function rotateP99(outcomes: readonly Outcome[] | undefined): Target {
  const p99 = (kind: string) => {
    const found = outcomes?.find((one) => one.kind === kind || one.contestant === kind)
    return medianOf(found?.samples.map((one) => one.p99) ?? [])
  }
  const [own, bare] = [p99('ours'), p99('bare Fastify')]
  const head = {
    measure: 'rotate p99 at 32 connections',
    target: "under 15 ms when bare Fastify's is under 4 ms",
  }
  if (own === undefined || bare === undefined) return { ...head, seen: undefined, met: undefined }
  const seen = `${figure(own)} ms, bare Fastify's ${figure(bare)} ms`
  return { ...head, seen, met: bare < 4 ? own < 15 : undefined }
}

function unchanged(figures: Readonly<Record<string, number>> | undefined): Target {
  const head = {
    measure: 'rows and bytes after 1 M rotations',
    target: 'as before, all updates HOT',
  }
  if (figures === undefined) return { ...head, seen: undefined, met: undefined }
  const grown = (name: string) => (figures[`${name}After`] ?? 0) - (figures[`${name}Before`] ?? 0)
  const more = { rows: grown('rows'), table: grown('tableBytes'), index: grown('indexBytes') }
  const notHot = (figures.updated ?? 0) - (figures.updatedHot ?? 0)
  return {
    ...head,
    seen: `${more.rows} rows, ${more.table} B table, ${more.index} B indexes more; ${notHot} not HOT`,
    met: more.rows === 0 && more.table <= 0 && more.index <= 0 && notHot === 0,
  }
}

const FLAT = 1.05

function rss(figures: Readonly<Record<string, number>> | undefined): Target {
  const head = { measure: 'RSS after 5 minutes of full load', target: 'under 160 MB, flat' }
  if (figures === undefined) return { ...head, seen: undefined, met: undefined }
  const { lastMb = Number.NaN, growth = Number.NaN } = figures
  return {
    ...head,
    seen: `${figure(lastMb)} MB, ${figure(growth)} × of earlier`,
    met: lastMb < 160 && growth <= FLAT,
  }
}
