import { readFileSync, writeFileSync } from 'node:fs'
import { configurationTable } from '../src/config.ts'

// Writes the table of environment variables into README.md; with --check, only says (exit code 1)
// that it differs from what the code reads.
const README = new URL('../README.md', import.meta.url)
const TABLE = /(<!-- configuration -->\n)[\s\S]*?(<!-- \/configuration -->)/

const before = readFileSync(README, 'utf8')
if (!TABLE.test(before)) {
  throw new Error('README.md has no <!-- configuration --> … <!-- /configuration -->')
}
const after = before.replace(
  TABLE,
  (_whole, start: string, end: string) => `${start}\n${configurationTable()}\n${end}`,
)

if (after === before) {
  console.log('README.md: the configuration table is up to date')
} else if (process.argv.includes('--check')) {
  console.error('README.md: the configuration table differs; run scripts/readme-configuration.ts')
  process.exitCode = 1
} else {
  writeFileSync(README, after)
  console.log('README.md: the configuration table was rewritten')
}
