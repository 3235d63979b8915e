import type { Diagnosis } from '../doctor/diagnosis.ts'
import type { Finding } from '../types.ts'

const MARK = { passed: '✓', failed: '✗', skipped: '–', good: '✓', warning: '!', bad: '✗' } as const

/** A finding on three lines, or four, since what was expected is seldom short. */
export function describeFinding(finding: Finding): string {
  const { name, outcome, expected, actual, code, hint } = finding
  const lines = [
    `${MARK[outcome]} ${name}${code === undefined ? '' : ` (${code})`}`,
    `    actual    ${onOneLine(actual)}`,
    `    expected  ${onOneLine(expected)}`,
    ...(hint === undefined ? [] : [`    → ${onOneLine(hint)}`]),
  ]
  return lines.join('\n')
}

/** A diagnosis on one line, and what to do about it on another. */
export function describeDiagnosis({ topic, verdict, detail, remedy }: Diagnosis): string {
  const line = `${MARK[verdict]} ${topic}: ${onOneLine(detail)}`
  return remedy === undefined ? line : `${line}\n    → ${onOneLine(remedy)}`
}

/** `3 problems, 1 warning.` */
export function summarise(diagnoses: readonly Diagnosis[]): string {
  const [problems = 0, warnings = 0] = (['bad', 'warning'] as const).map(
    (verdict) => diagnoses.filter((one) => one.verdict === verdict).length,
  )
  if (problems > 0) return `${count(problems, 'problem')}, ${count(warnings, 'warning')}.`
  return warnings > 0 ? `No problem, ${count(warnings, 'warning')}.` : 'All is well.'
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** What a token or a server says must not look like a line of our own. */
function onOneLine(text: string): string {
  return text.replaceAll('\n', '\uFFFD')
}
