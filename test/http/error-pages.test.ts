import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { explainReason } from '../../src/cli/explain-reason.ts'
import { createProgram } from '../../src/cli/program.ts'
import { answerOf, CODES, explain, TOPICS } from '../../src/explanations/all.ts'
import type { Explanation } from '../../src/explanations/explanation.ts'
import { PROBLEM_EXAMPLES } from '../../src/http/wire/error-examples.ts'
import { reasons } from '../../src/oauth/reasons.ts'

t.test('every reason and code has one page, and every page is of one of them', async (t) => {
  const listed = TOPICS.flatMap(({ explanations }) => Object.keys(explanations))
  t.strictSame(listed.toSorted(), CODES.toSorted(), 'each stands once in the index')
  t.strictSame(
    Object.keys(reasons).filter((reason) => explain(reason) === undefined),
    [],
    'no reason is without one',
  )
  const folder = new URL('../../src/http/', import.meta.url)
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('error-examples.ts'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n')
  const ofProblems = CODES.filter((code) => !(code in reasons))
  t.strictSame(
    ofProblems.filter((code) => !sources.includes(`'${code}'`)),
    [],
    'every code is answered somewhere',
  )
  t.strictSame(
    ofProblems.filter((code) => answerOf(code).status === undefined),
    [],
    'and has a status',
  )
  for (const [code, [status]] of Object.entries(PROBLEM_EXAMPLES)) {
    t.equal(answerOf(code).status, status, code)
  }
})

t.test('a page tells a cause, how to confirm it and what to do, and leads to others', async (t) => {
  const isSentence = (text: string) =>
    /^[A-Z`].*[.?]$/s.test(text) && text.split('`').length % 2 === 1
  const wanting = CODES.filter((code) => {
    const { title, cause, confirm, remedy, related = [] } = explain(code) as Explanation
    const remedies = Object.values(remedy)
    return (
      /`|\.$/.test(title) ||
      confirm.length === 0 ||
      remedies.length === 0 ||
      ![cause, ...confirm, ...remedies].every(isSentence) ||
      related.some((other) => other === code || explain(other) === undefined)
    )
  })
  t.strictSame(wanting, [])
})

t.test('the command line tells what an error means, without a database', async (t) => {
  const told = await explainReason('refresh_stale')
  t.match(told.text, /^refresh_stale: A newer .*\nHTTP 400; .*"invalid_grant"\n/)
  const index = await explainReason(undefined)
  t.ok(CODES.every((code) => index.text.includes(`  ${code}: `)))
  await t.rejects(explainReason('nope'), { code: 'reason_unknown', exitCode: 1 })
  const [explainCommand] = createProgram(false).commands.filter((one) => one.name() === 'explain')
  t.ok(explainCommand?.commands.some((one) => one.name() === 'reason'))
})
