import { appendFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { type AttackResult, REPORT_VARIABLE } from './attacks-report.ts'

/**
 * One case of the attack catalogue, as a test. The number is the catalogue's and stays with the case;
 * cases that share a number are told apart by what they say.
 */
export function attack(number: number, what: string, run: (t: Test) => Promise<void>): void {
  // Told when it has ended: before, its last assertion would not count.
  void t.test(`attack ${number}: ${what}`, run).then((results) => {
    const report = process.env[REPORT_VARIABLE]
    if (report === undefined) return
    const { ok = false, count: asserts = 0 } = results ?? {}
    const result: AttackResult = { number, what, ok, asserts }
    appendFileSync(report, `${JSON.stringify(result)}\n`)
  })
}
