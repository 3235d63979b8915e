import { appendFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { DRILLS_REPORT_VARIABLE, type DrillResult, type Figures } from './drills-report.ts'

export type { Figures } from './drills-report.ts'

/** In milliseconds: longer than any drill takes on a small machine that has other things to do. */
const PATIENCE = 7_200_000

/**
 * One proof that takes minutes, as a test. It asserts its zeroes and returns what it counted;
 * durations belong to the figures only, since they are the machine's and not the service's.
 * `skip` says why it cannot be run here.
 */
export function drill(
  name: string,
  what: string,
  run: (t: Test) => Promise<Figures>,
  skip?: string,
): void {
  let figures: Figures | undefined
  t.setTimeout(PATIENCE)
  const examine = async (t: Test) => {
    figures = await run(t)
    t.comment(figures)
  }
  const options = { timeout: PATIENCE, ...(skip === undefined ? {} : { skip }) }
  // Told when it has ended: before, its last assertion would not count.
  void t.test(`drill ${name}: ${what}`, options, examine).then((results) => {
    const report = process.env[DRILLS_REPORT_VARIABLE]
    if (report === undefined) return
    const ok = skip !== undefined || (results?.ok ?? false)
    const result: DrillResult = { name, what, ok, figures, skipped: skip }
    appendFileSync(report, `${JSON.stringify(result)}\n`)
  })
}

/** How often to do something that is done `full` times in a whole drill: DRILL_ROUNDS lowers it. */
export function rounds(full: number): number {
  const factor = Number(process.env.DRILL_ROUNDS ?? 1)
  if (!(factor > 0)) throw new Error('DRILL_ROUNDS is a factor, such as 0.1')
  return Math.max(1, Math.round(full * factor))
}
