import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Account, accountOf, commandAs, give } from '../../src/db/embedded/account.ts'
import { query, withDatabase } from './database.ts'

const PATHS = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer']

/** Where pgbouncer is: the environment's PGBOUNCER, or where systems put it. */
const program = [process.env.PGBOUNCER, ...PATHS].find(
  (path) => path !== undefined && path !== '' && existsSync(path),
)

/** For the options of a test that needs pgbouncer: why it is skipped, or false. */
export const skipWithoutPooler: string | false =
  program === undefined ? 'there is no pgbouncer: install it, or name it in PGBOUNCER' : false

/** A pgbouncer in transaction mode before all databases of a server, with no setting for our sake. */
export interface Pooler {
  /** The way to a database through it. */
  through(databaseUrl: string): string
  /** Starts it again, at the same address. */
  start(): Promise<void>
  /** Ends it as `kill -9` does, and waits until it is gone. */
  kill(): Promise<void>
  /** Ends it and removes its files. */
  close(): Promise<void>
}

/**
 * Starts one on `port` of 127.0.0.1. It lets in whoever comes, logs in as `serverUrl` says, and has at
 * most `poolSize` connections to each database. `settings` are more lines of its configuration.
 */
export async function startPooler(options: {
  serverUrl: string
  port: number
  poolSize: number
  settings?: readonly string[]
}): Promise<Pooler> {
  const { serverUrl, port, poolSize, settings = [] } = options
  const server = new pg.Client({ connectionString: serverUrl })
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-pooler-'))
  await chmod(folder, 0o711)
  const file = join(folder, 'pgbouncer.ini')
  const to = `host=${server.host} port=${server.port} user=${server.user}`
  const lines = [
    '[databases]',
    `* = ${to} password=${server.password ?? ''}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    `default_pool_size = ${poolSize}`,
    'max_client_conn = 1000',
    ...settings,
  ]
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  const account = await accountFor(server.host)
  await give(file, account)
  const through = (databaseUrl: string) =>
    `postgresql://anybody@127.0.0.1:${port}${new URL(databaseUrl).pathname}`
  let running: { child: ChildProcess; ended: Promise<unknown> } | undefined
  const start = async () => {
    const command = commandAs(account, program as string, ['-q', file])
    const child = spawn(command.file, command.args, { ...command.identity, stdio: 'ignore' })
    running = { child, ended: once(child, 'exit') }
    const anywhere = through(withDatabase(serverUrl, new URL(serverUrl).pathname.slice(1)))
    while (!(await answers(anywhere))) {
      if (child.exitCode !== null) throw new Error(`pgbouncer ended: run it on ${file}`)
    }
  }
  const kill = async () => {
    running?.child.kill('SIGKILL')
    await running?.ended
    running = undefined
  }
  const close = async () => {
    await kill()
    await rm(folder, { recursive: true, force: true })
  }
  await start()
  return { through, start, kill, close }
}

/** It refuses root, and must reach the server's socket. */
async function accountFor(host: string): Promise<Account> {
  if (host.startsWith('/')) return accountOf(host)
  return process.getuid?.() === 0 ? { as: 'namespace' } : { as: 'self' }
}

async function answers(url: string): Promise<boolean> {
  return query(url, 'select').then(
    () => true,
    () => false,
  )
}
