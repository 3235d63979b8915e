/** Where `npm run drills` wants to be told of every drill: the name of a file, one JSON line a drill. */
export const DRILLS_REPORT_VARIABLE = 'MINTMARK_DRILLS_REPORT'

/** What a drill counted or measured, by name. A number is printed with its thousands apart. */
export type Figures = Record<string, string | number>

/** What became of one drill. */
export interface DrillResult {
  readonly name: string
  readonly what: string
  readonly ok: boolean
  /** Undefined when it ended before it had any. */
  readonly figures: Figures | undefined
  /** Why it cannot be run here. */
  readonly skipped: string | undefined
}
