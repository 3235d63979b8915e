import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { createTestDatabase } from './support/database.ts'
import { freePort, startService } from './support/process.ts'

// The tour starts some ten processes, one after the other.
t.setTimeout(120_000)

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PARTS = ['package.json', 'node_modules', 'src', 'migrations', 'examples']

/** The README's shell blocks, by what follows the `sh` of their fence. */
async function shellBlocks(kind: string): Promise<string[]> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const fence = new RegExp(`^\`\`\`sh${kind === '' ? '' : ` ${kind}`}\\n([\\s\\S]*?)^\`\`\``, 'gm')
  return [...readme.matchAll(fence)].map((match) => match[1] as string)
}

/** A folder that looks like a checkout, with a state directory of its own. */
async function checkout(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-readme-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  for (const part of PARTS) await symlink(join(ROOT, part), join(folder, part))
  return folder
}

t.test('the five-minute tour works as printed', async (t) => {
  const cwd = await checkout(t)
  const service = await startService(t, { STATE_DIR: join(cwd, '.mintmark') })
  const port = new URL(service.url).port
  const ordersPort = await freePort()
  const blocks = await shellBlocks('')
  t.ok(blocks.length >= 6, `${blocks.length} blocks`)
  const script = blocks
    .join('\n')
    .replaceAll('localhost:3000', `localhost:${port}`)
    .replaceAll('localhost:4000', `localhost:${ordersPort}`)
  const variables = { ISSUER: `http://localhost:${port}`, PORT: String(ordersPort) }
  const env = { ...process.env, ...variables }
  const { stdout } = await run('bash', ['-euc', script], { cwd, env })
  t.match(stdout, /"token_type":"Bearer"/, 'log in')
  const [, first, second] =
    /rotated\s+(mm_rt_\S+)\s+refresh-outcome: retried\s+(mm_rt_\S+)/.exec(stdout) ?? []
  t.ok(first, 'refresh')
  t.equal(first, second, 'the retry gets the same successor')
  t.match(stdout, /"client_id":"web","scope":"orders:read orders:write"/, 'me')
  t.match(stdout, /"orders_of":/, 'the sibling answers')
  t.match(stdout, /"reason":"session_revoked"/, 'logged out')
})

t.test('running it for real works as printed', async (t) => {
  const cwd = await checkout(t)
  const url = await createTestDatabase(t, 'empty')
  const [block = ''] = await shellBlocks('production')
  const script = block
    .replace(/^export DATABASE_URL=.*$/m, `export DATABASE_URL='${url}'`)
    .replace(/^npm start$/m, 'npm start & serving=$!')
  t.match(script, `'${url}'`, 'the block sets a database')
  t.match(script, 'serving=', 'the block ends by serving')
  const port = await freePort()
  const epilogue = `
    until curl -fsS http://127.0.0.1:${port}/readyz; do sleep 0.2; done
    curl -fsS http://127.0.0.1:${port}/.well-known/oauth-authorization-server
    kill $serving; wait $serving || true`
  const env = { ...process.env, PORT: String(port) }
  const { stdout } = await run('bash', ['-euc', script + epilogue], { cwd, env, timeout: 60_000 })
  t.match(stdout, /"issuer":"https:\/\/auth.example"/)
})
