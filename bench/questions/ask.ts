import type { Context } from '../context.ts'
import { ALL } from './all.ts'
import type { Findings } from './finding.ts'

/** Asks the questions that were named, one after the other; one that breaks stops no other. */
export async function askAll(context: Context): Promise<{ findings: Findings; broken: boolean }> {
  const findings: Findings = {}
  let broken = false
  for (const name of context.options.questions) {
    try {
      const finding = await ALL[name](context)
      findings[name] = finding
      console.log(`\n${name}\n${finding.lines.join('\n')}`)
    } catch (error) {
      broken = true
      console.log(`\n${name}\nBROKEN: ${(error as Error).message}`)
    }
  }
  return { findings, broken }
}
