import { VerifyError } from '../errors.ts'
import type { Finding } from '../types.ts'
import { canLook, type Examination, type Fault, type Rule } from './examination.ts'

/**
 * The error of the first rule that does not hold; undefined when all hold. At once unless a rule has to
 * wait. Never rejects.
 */
export function firstFault(
  rules: readonly Rule[],
  examination: Examination,
  from = 0,
): VerifyError | undefined | Promise<VerifyError | undefined> {
  for (let at = from; at < rules.length; at += 1) {
    const rule = rules[at] as Rule
    const fault = rule.look(examination)
    if (fault === undefined) continue
    if (!(fault instanceof Promise)) return refusal(rule, examination, fault)
    return fault.then((waitedFor) =>
      waitedFor === undefined
        ? firstFault(rules, examination, at + 1)
        : refusal(rule, examination, waitedFor),
    )
  }
  return undefined
}

/** What each rule finds; those that cannot be looked at are skipped. Never rejects. */
export async function allFindings(
  rules: readonly Rule[],
  examination: Examination,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const rule of rules) {
    const { name } = rule
    if (!canLook(rule, examination)) {
      const expected = rule.expected(examination)
      findings.push({ name, outcome: 'skipped', expected, actual: 'nothing to look at' })
      continue
    }
    const fault = await rule.look(examination)
    const told = { expected: rule.expected(examination), actual: rule.actual(examination) }
    if (fault === undefined) {
      const isAsked = told.expected !== 'not asked for'
      findings.push({ name, outcome: isAsked ? 'passed' : 'skipped', ...told })
      continue
    }
    const { code, expected, actual, hint } = refusal(rule, examination, fault)
    findings.push({
      name,
      outcome: 'failed',
      expected: expected ?? told.expected,
      actual: actual ?? told.actual,
      code,
      ...(hint !== undefined && { hint }),
    })
  }
  return findings
}

function refusal(rule: Rule, examination: Examination, fault: Fault): VerifyError {
  if (fault instanceof VerifyError) return fault
  return new VerifyError({
    expected: rule.expected(examination),
    actual: rule.actual(examination),
    ...fault,
  })
}
