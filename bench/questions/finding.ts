import type { Context } from '../context.ts'
import type { QuestionName } from './names.ts'

/** What a question has found. */
export interface Finding {
  /** By name, with the unit in it: what the table of targets goes by. */
  readonly figures: Readonly<Record<string, number>>
  /** For people. */
  readonly lines: readonly string[]
}

/** Answers a question. Rejects when something broke. */
export type Question = (context: Context) => Promise<Finding>

export type Findings = Partial<Record<QuestionName, Finding>>
