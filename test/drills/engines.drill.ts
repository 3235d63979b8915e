import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drill } from '../support/drills.ts'
import { STATEMENTS_VARIABLE } from '../support/record-statements.ts'

/** Tests that make the service send what it sends, and none that send SQL of their own by its pool. */
const TESTS = [
  'test/http/admin.test.ts',
  'test/http/admin-keys.test.ts',
  'test/http/revocations.test.ts',
  'test/http/sessions.test.ts',
  'test/http/start-session.test.ts',
  'test/http/refresh-race.test.ts',
  'test/http/cors.test.ts',
  'test/conformance',
  'test/store/ends.test.ts',
  'test/store/explain.test.ts',
  'test/store/key-operations.test.ts',
  'test/store/key-ring.test.ts',
  'test/store/known-addresses.test.ts',
  'test/store/maintenance.test.ts',
  'test/store/migrations.test.ts',
  'test/store/recovery.test.ts',
  'test/store/reencrypt.test.ts',
  'test/store/revocation-feed.test.ts',
]

/** What CockroachDB has no way to say, by what docs/databases.md says of it. */
const KNOWN: Record<string, RegExp> = {
  'events by day': /partition|lock table|\blike events\b/i,
}

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const without = spawnSync('go', ['version']).status === 0 ? undefined : 'there is no go'

drill(
  'engines',
  'every statement that tests have the service send, and each of the migrations, read by the parser of CockroachDB',
  async (t) => {
    const folder = t.testdir()
    const file = join(folder, 'statements')
    const parser = join(folder, 'parser')
    // What the runner of the drills says to its tests is not meant for another run.
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(_?TAP|NODE_OPTIONS$)/.test(name)),
    )
    const record = pathOf('../support/record-statements.ts')
    const run = spawnSync(
      process.execPath,
      [pathOf('../support/run.ts'), '--reporter=terse', '--timeout=600', ...TESTS],
      {
        env: {
          ...environment,
          NODE_OPTIONS: `--import=${record}`,
          [STATEMENTS_VARIABLE]: file,
        },
        cwd: pathOf('../../'),
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      },
    )
    t.equal(run.status, 0, `the tests pass: ${run.stdout.slice(-2_000)}`)
    const source = pathOf('../engines/cockroach/')
    const env = { ...environment, GOFLAGS: '-mod=readonly' }
    const built = spawnSync('go', ['build', '-o', parser, '.'], { cwd: source, env })
    t.equal(built.status, 0, `the parser is built: ${built.stderr}`)
    const lines = [...new Set(readFileSync(file, 'utf8').trim().split('\n'))]
    const statements = lines.map((line) => JSON.parse(line) as string)
    const { stdout } = spawnSync(parser, { input: lines.join('\n'), cwd: tmpdir() })
    const answers = String(stdout)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string)
    t.equal(answers.length, statements.length)
    const refused = statements.flatMap((text, n) =>
      answers[n] === '' ? [] : [{ text, said: answers[n] as string }],
    )
    const isKnown = ({ text }: { text: string }) =>
      Object.values(KNOWN).some((pattern) => pattern.test(text))
    t.strictSame(
      refused.filter((one) => !isKnown(one)),
      [],
      'it reads all but what is known',
    )
    return {
      statements: statements.length,
      'not read': refused.filter((one) => !isKnown(one)).length,
      'known not to be read, for the days of events': refused.filter(isKnown).length,
    }
  },
  without,
)
