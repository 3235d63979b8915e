import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PARTS } from './parts.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const STRYKER = `${FOLDER}node_modules/@stryker-mutator/core/bin/stryker.js`

/** `npm run mutation [-- part…]`: changes the verifier in a thousand places and counts what no test notices. */
function main(chosen: string[]): number {
  const all = Object.keys(PARTS)
  const unknown = chosen.filter((part) => !all.includes(part))
  if (unknown.length > 0) {
    process.stderr.write(`no such part: ${unknown.join(', ')}; there are ${all.join(', ')}\n`)
    return 1
  }
  if (!isInstalled() && run('npm', ['ci', '--no-audit', '--no-fund'], FOLDER) !== 0) return 1
  const parts = chosen.length > 0 ? chosen : all
  const failed = parts.filter((part) => {
    rmSync(reportOf(part), { force: true })
    const args = [STRYKER, 'run', 'test/mutation/stryker.config.mjs']
    return run(process.execPath, args, ROOT, { MUTATION_PART: part }) !== 0
  })
  console.table(parts.map(figuresOf))
  return failed.length > 0 ? 1 : 0
}

/** Stryker is no dependency of the service, and is there only once somebody asked for it. */
function isInstalled(): boolean {
  const timeOf = (file: string) => statSync(`${FOLDER}${file}`, { throwIfNoEntry: false })?.mtimeMs
  return (timeOf('node_modules/.package-lock.json') ?? 0) >= (timeOf('package-lock.json') ?? 0)
}

function run(command: string, args: string[], cwd: string, more: Record<string, string> = {}) {
  return spawnSync(command, args, { cwd, env: { ...process.env, ...more }, stdio: 'inherit' })
    .status
}

const reportOf = (part: string) => `${FOLDER}reports/${part}.json`

/** What came of the mutants of a part: those that ran out of time were noticed, too. */
function figuresOf(part: string) {
  if (!existsSync(reportOf(part))) return { part, '%': 'did not come to its end' }
  const report: Report = JSON.parse(readFileSync(reportOf(part), 'utf8'))
  const mutants = Object.values(report.files).flatMap((file) => file.mutants)
  const count = (...of: string[]) => mutants.filter(({ status }) => of.includes(status)).length
  const [noticed, missed] = [count('Killed', 'Timeout'), count('Survived', 'NoCoverage')]
  const percent = ((100 * noticed) / (noticed + missed)).toFixed(1)
  return { part, mutants: noticed + missed, noticed, missed, '%': percent }
}

interface Report {
  readonly files: Record<string, { readonly mutants: readonly { readonly status: string }[] }>
}

process.exitCode = main(process.argv.slice(2))
