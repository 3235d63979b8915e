import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DRILLS_REPORT_VARIABLE, type DrillResult } from './drills-report.ts'

const FOLDER = new URL('../drills/', import.meta.url)
const ENDING = '.drill.ts'

/** `npm run drills [-- name…]`: runs the drills one after another and prints what each counted. */
function main(chosen: string[]): number {
  const all = readdirSync(FOLDER)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort()
  const unknown = chosen.filter((name) => !all.includes(name))
  if (unknown.length > 0) {
    process.stderr.write(`no such drill: ${unknown.join(', ')}; there are ${all.join(', ')}\n`)
    return 1
  }
  const names = chosen.length > 0 ? chosen : all
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-drills-'))
  const report = join(folder, 'report')
  try {
    const runner = fileURLToPath(new URL('run.ts', import.meta.url))
    const files = names.map((name) => `test/drills/${name}${ENDING}`)
    // Each has its own patience; side by side they would disturb each other.
    const { status } = spawnSync(
      process.execPath,
      [runner, '--jobs=1', '--timeout=14400', ...files],
      { stdio: 'inherit', env: { ...process.env, [DRILLS_REPORT_VARIABLE]: report } },
    )
    const results = existsSync(report)
      ? readFileSync(report, 'utf8').trimEnd().split('\n').map(parse)
      : []
    process.stdout.write(`\n| drill | what was done | figures |\n| --- | --- | --- |\n`)
    for (const result of results) process.stdout.write(row(result))
    const reported = new Set(results.map(({ name }) => name))
    const silent = names.filter((name) => !reported.has(name))
    if (silent.length > 0) process.stderr.write(`without a result: ${silent.join(', ')}\n`)
    return status === 0 && silent.length === 0 && results.every(({ ok }) => ok) ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const parse = (line: string): DrillResult => JSON.parse(line)

function row({ name, what, ok, figures = {}, skipped }: DrillResult): string {
  const counted = Object.entries(figures).map(([figure, value]) => `${figure}: ${inWords(value)}`)
  const verdict = ok ? [] : ['**FAILED**']
  const found = skipped === undefined ? [...verdict, ...counted] : [`skipped: ${skipped}`]
  return `| ${name} | ${what} | ${found.join('; ')} |\n`
}

const inWords = (value: string | number) =>
  typeof value === 'number' ? value.toLocaleString('en') : value

process.exitCode = main(process.argv.slice(2))
