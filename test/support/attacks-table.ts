import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AttackResult, REPORT_VARIABLE } from './attacks-report.ts'

/** `npm run attacks`: runs the attack catalogue and prints what became of every case. */
function main(): number {
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-attacks-'))
  const report = join(folder, 'report')
  try {
    const runner = fileURLToPath(new URL('run.ts', import.meta.url))
    const { status } = spawnSync(process.execPath, [runner, 'test/attacks'], {
      stdio: 'inherit',
      env: { ...process.env, [REPORT_VARIABLE]: report },
    })
    const results = readFileSync(report, 'utf8').trimEnd().split('\n').map(parse)
    results.sort((a, b) => a.number - b.number || a.what.localeCompare(b.what))
    for (const { number, what, ok, asserts } of results) {
      const verdict = ok ? 'held' : 'FAILED'
      process.stdout.write(
        `${String(number).padStart(4)}  ${verdict.padEnd(6)}  ${what} (${asserts})\n`,
      )
    }
    const failed = results.filter(({ ok }) => !ok).length
    process.stdout.write(`\n${results.length} cases, ${failed} failed\n`)
    return status === 0 && failed === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const parse = (line: string): AttackResult => JSON.parse(line)

process.exitCode = main()
