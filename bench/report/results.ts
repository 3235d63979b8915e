import { SETTINGS } from '../database/cluster.ts'
import type { Finding, Findings } from '../questions/finding.ts'
import type { QuestionName } from '../questions/names.ts'
import type { Pace, ScenarioResult } from '../scenarios/measure.ts'
import type { ScenarioName } from '../scenarios/names.ts'
import { judge, type Target } from './targets.ts'

/** What `bench/results/<date>.json` holds: of each scenario and question, what the day's last run said. */
export interface Results {
  readonly machine: Readonly<Record<string, string | number>>
  /** The settings of the Postgres that all contestants had. */
  readonly postgres: Readonly<Record<string, string>>
  readonly scenarios: Partial<Record<ScenarioName, ScenarioResult & { at: string; pace: Pace }>>
  readonly questions: Partial<Record<QuestionName, Finding & { at: string }>>
  readonly targets: readonly Target[]
}

/** A run's results, with those of `earlier` where it has none of its own. */
export function joinResults(
  run: {
    machine: Results['machine']
    pace: Pace
    scenarios: readonly ScenarioResult[]
    findings: Findings
  },
  earlier: Results | undefined,
): Results {
  const at = new Date().toISOString()
  const scenarios = { ...earlier?.scenarios }
  for (const result of run.scenarios) scenarios[result.scenario] = { at, pace: run.pace, ...result }
  const questions = { ...earlier?.questions }
  for (const [name, finding] of Object.entries(run.findings)) {
    questions[name as QuestionName] = { at, ...finding }
  }
  return {
    machine: run.machine,
    postgres: SETTINGS,
    scenarios,
    questions,
    targets: judge(scenarios, questions),
  }
}
