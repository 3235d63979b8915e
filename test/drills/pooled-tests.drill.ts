import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { drill } from '../support/drills.ts'
import { skipWithoutPooler } from '../support/pooler.ts'
import { freePort } from '../support/process.ts'

/** What of the suite goes through; the rest has no database, or one of its own. */
const TESTS = ['test/http', 'test/conformance', 'test/attacks', 'test/store']

/**
 * What these want of a server they want of its connections themselves: a limit of their own, an end that
 * is noticed, a role or a setting of the database that new ones have. The last has a pooler of its own.
 */
const OF_CONNECTIONS = [
  'test/conformance/rfc6749.5.test.ts',
  'test/store/connection.test.ts',
  'test/store/maintenance.test.ts',
  'test/http/problems.test.ts',
  'test/http/pooler.test.ts',
]

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

drill(
  'pooled-tests',
  'the tests that have a database, through pgbouncer in transaction mode',
  async (t) => {
    // What the runner of the drills says to its tests is not meant for another run.
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(_?TAP|NODE_OPTIONS$)/.test(name)),
    )
    const env = { ...environment, TEST_POOLER: String(await freePort()) }
    const files = spawnSync('git', ['ls-files', ...TESTS], { cwd: ROOT, encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
      .filter((file) => file.endsWith('.test.ts') && !OF_CONNECTIONS.includes(file))
    const suite = spawnSync(
      process.execPath,
      ['test/support/run.ts', '--reporter=terse', '--timeout=600', ...files],
      { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] },
    )
    t.equal(suite.status, 0, 'the tests pass through it')
    return { 'test files': files.length }
  },
  skipWithoutPooler || undefined,
)
