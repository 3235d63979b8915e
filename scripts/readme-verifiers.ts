import { readFileSync, writeFileSync } from 'node:fs'
import { verifiersTable } from '../test/support/verifiers-table.ts'

// Writes the table of other makers' verifiers into README.md, with the versions that are locked in
// test/interop. test/readme.test.ts holds it to that.
const README = new URL('../README.md', import.meta.url)
const TABLE = /(<!-- verifiers -->\n)[\s\S]*?(<!-- \/verifiers -->)/

const before = readFileSync(README, 'utf8')
if (!TABLE.test(before)) {
  throw new Error('README.md has no <!-- verifiers --> … <!-- /verifiers -->')
}
writeFileSync(
  README,
  before.replace(
    TABLE,
    (_whole, start: string, end: string) => `${start}\n${verifiersTable()}\n\n${end}`,
  ),
)
