/** Where `npm run attacks` wants to be told of every case: the name of a file, one JSON line a case. */
export const REPORT_VARIABLE = 'MINTMARK_ATTACKS_REPORT'

/** What became of one case. */
export interface AttackResult {
  readonly number: number
  readonly what: string
  readonly ok: boolean
  readonly asserts: number
}
