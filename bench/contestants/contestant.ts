import type { LoadResult } from '../load/load.ts'
import type { ScenarioName } from '../scenarios/names.ts'

/** Somebody who is measured. */
export interface Contestant {
  readonly name: string
  readonly kind: 'ours' | 'reference' | 'peer'
  /** The process that answers; undefined when nobody stands before Postgres. */
  readonly pid: number | undefined
  /** Where its rows are; undefined when it has none. */
  readonly databaseUrl: string | undefined
  /** Gets ready for a scenario; undefined when it does not do that. */
  enter(scenario: ScenarioName): Promise<Entry | undefined>
  close(): Promise<void>
}

/** A contestant in a scenario, which goes on from run to run. */
export interface Entry {
  run(effort: Effort): Promise<LoadResult>
  /** How many requests are left, where each can be made once only. */
  left?(): number
}

/** How much is asked of it in a run. */
export interface Effort {
  readonly connections: number
  readonly seconds: number
  readonly atMost?: number | undefined
}
