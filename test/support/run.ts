import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedDatabase } from '../../src/db/embedded/database.ts'
import {
  POOLER_VARIABLE,
  query,
  SERVER_VARIABLE,
  TEMPLATE_VARIABLE,
  withDatabase,
} from './database.ts'
import { startPooler } from './pooler.ts'
import { prepareTemplate } from './template.ts'

/** Linux's folder in memory, and how much it must have left, in bytes: a run takes a third of that. */
const MEMORY = '/dev/shm'
const ROOM = 2 ** 30

/**
 * `npm test`: gives the suite a server (TEST_DATABASE_URL, else an embedded one that is thrown away),
 * a migrated database on it to copy from, and runs tap with whatever arguments it was called with. With
 * TEST_POOLER, a port, a pgbouncer in transaction mode listens there, and stands between.
 */
async function main(): Promise<number> {
  const given = process.env.TEST_DATABASE_URL
  const folder = await makeFolder()
  const server =
    given === undefined ? await startServer(folder) : { url: given, stop: async () => {} }
  const pooler = await startPoolerBefore(server.url)
  const template = `mintmark_template_${process.pid}`
  try {
    await query(server.url, `create database ${template} template template0`)
    await prepareTemplate(withDatabase(server.url, template))
    return await runTap({
      [SERVER_VARIABLE]: server.url,
      [TEMPLATE_VARIABLE]: template,
      ...pooler.variables,
      TMPDIR: folder,
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
    })
  } finally {
    await pooler.close()
    await query(server.url, `drop database if exists ${template} with (force)`)
    await server.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
}

/**
 * The folder of all that a run writes. Writing the databases of 300 tests to a disk takes more of the
 * processor than the tests that they are for.
 */
async function makeFolder(): Promise<string> {
  const { bavail = 0, bsize = 0 } = (await statfs(MEMORY).catch(() => undefined)) ?? {}
  const top = bavail * bsize >= ROOM ? MEMORY : tmpdir()
  const folder = await mkdtemp(join(top, 'mintmark-test-'))
  // As in a usual temporary folder: root leaves its databases to another user, who must come through.
  await chmod(folder, 0o711)
  return folder
}

async function startPoolerBefore(serverUrl: string) {
  const port = Number(process.env.TEST_POOLER ?? 0)
  if (port === 0) return { variables: {}, close: async () => {} }
  // Tests of outages do not wait until it tries again by itself.
  const settings = ['server_login_retry = 1', 'server_idle_timeout = 5']
  const pooler = await startPooler({ serverUrl, port, poolSize: 5, settings })
  const variables = { [POOLER_VARIABLE]: pooler.through(serverUrl) }
  return { variables, close: pooler.close }
}

async function startServer(folder: string) {
  const database = await openEmbeddedDatabase({
    directory: join(folder, 'server'),
    mode: 'own',
    owner: `npm test, pid ${process.pid}`,
    throwaway: true,
  })
  return { url: database.url, stop: () => database.close() }
}

async function runTap(variables: Record<string, string>): Promise<number> {
  const args = ['run', '--disable-coverage', '--reporter=terse', ...process.argv.slice(2)]
  const { NODE_OPTIONS = '' } = process.env
  const env = {
    ...process.env,
    ...variables,
    NODE_ENV: 'test',
    NODE_OPTIONS: `${NODE_OPTIONS} --import=${import.meta.resolve('./unrecorded.ts')}`.trim(),
  }
  const tap: ChildProcess = spawn('tap', args, { stdio: 'inherit', env })
  // An interrupted run still stops its server: tap gets the signal and ends, and so do we.
  const pass = (signal: NodeJS.Signals) => tap.kill(signal)
  process.on('SIGINT', pass)
  process.on('SIGTERM', pass)
  return new Promise((resolve, reject) => {
    tap.on('error', reject)
    tap.on('close', (code) => resolve(code ?? 1))
  })
}

process.exitCode = await main()
