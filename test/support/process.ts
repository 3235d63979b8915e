import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { runningPostmaster } from '../../src/db/embedded/postmaster.ts'
import { COMPILE_CACHE } from './compile-cache.ts'
import { ISSUER } from './service.ts'
import { TEST_MASTER_KEY } from './template.ts'
import { watchPort } from './watch.ts'

/** The service's entry, for {@link startProgram} where a start is expected to fail. */
export const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Whatever a test waits for has come by then, or does not come. In milliseconds. */
const PATIENCE = 60_000
const INTERVAL = 20

/** A child process; killed at the end of the test that started it, if it still runs. */
export interface Running {
  readonly pid: number
  /** What it has written so far. */
  stdout(): string
  stderr(): string
  readonly running: boolean
  /** Resolves as soon as standard output holds that text; rejects when it ends without, or is late. */
  said(text: string): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** How it ended: its exit code, or the signal that ended it. Waits for its end. */
  ended(): Promise<number | NodeJS.Signals>
}

/** A running service and where it listens. */
export interface RunningService extends Running {
  readonly url: string
}

type Environment = Record<string, string>

const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Runs a file by Node, with these variables and no others. */
export function startProgram(
  t: Test,
  file: string,
  env: Environment,
  options: readonly string[] = [],
): Running {
  const { PATH = '' } = process.env
  // tap would have it load its recorder. The cache spares it the compiling.
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, ...options, file], {
    // By default development opens the next port, which may be another test's.
    env: { PATH, ADMIN_PORT: 'off', ...COMPILE_CACHE, ...env },
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  const written = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.stderr += text
  })
  // Not `exit`: by then the last words may not have been read.
  const closed = once(child, 'close')
  let end: number | NodeJS.Signals | undefined
  child.once('close', (code, signal) => {
    children.delete(child)
    end = code ?? signal ?? 'SIGKILL'
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  return {
    pid: child.pid as number,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    get running() {
      return end === undefined
    },
    async said(text) {
      const signal = AbortSignal.timeout(PATIENCE)
      while (!written.stdout.includes(text)) {
        if (end !== undefined) throw new Error(`it ended before "${text}": ${written.stderr}`)
        await Promise.race([once(child.stdout, 'data', { signal }), closed])
      }
    },
    signal: (signal) => child.kill(signal),
    ended: () => until(`the end of ${file}`, async () => end),
  }
}

/**
 * Starts the service, on a port of its own if none is given. Returns when it can be talked to:
 * `ready` (development: when it has announced itself) or merely `listening`.
 */
export async function startService(
  t: Test,
  env: Environment,
  when: 'ready' | 'listening' = 'ready',
  patience = PATIENCE,
): Promise<RunningService> {
  const port = env.PORT ?? String(await freePort())
  watchPort(t, port)
  const program = startProgram(t, MAIN, { ...env, PORT: port })
  const url = `http://127.0.0.1:${port}`
  const announces = env.DATABASE_URL === undefined
  await untilAnswered(program, `${url}/${when === 'ready' ? 'readyz' : 'livez'}`, 200, patience)
  if (when === 'ready' && announces) {
    await until('the announcement', async () => /# log out\n.*\n/.test(program.stderr()))
  }
  return Object.assign(program, { url })
}

/** The variables of a service on a database of its own, with the keys of the test template. */
export function production(databaseUrl: string, more: Environment = {}): Environment {
  return {
    DATABASE_URL: databaseUrl,
    ISSUER,
    MASTER_KEYS: `1:${TEST_MASTER_KEY.key.toString('base64')}`,
    ...more,
  }
}

/** Waits until a program answers `status` at the URL; fails when it ends before. */
export async function untilAnswered(
  program: Running,
  url: string,
  status = 200,
  patience = PATIENCE,
): Promise<void> {
  const ask = async () => {
    if (!program.running) throw new Error(`it ended: ${program.stderr()}`)
    const answer = await fetch(url).catch(() => undefined)
    await answer?.arrayBuffer()
    return answer?.status === status || undefined
  }
  await until(`${status} from ${url}`, ask, patience)
}

/**
 * Asks again and again until the answer is neither undefined nor false, and returns it; throws when it
 * has not come after so many milliseconds.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  patience = PATIENCE,
): Promise<T> {
  const end = AbortSignal.timeout(patience)
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (end.aborted) throw new Error(`waited in vain for ${what}`)
    await pause(INTERVAL)
  }
}

/** Each test file has so many of its own, lest two that run at once draw the same. */
const PORTS = 30
let drawn = 0

/**
 * A TCP port that nobody listens on, at any address. It is of those that no system gives away unasked
 * (Linux begins at 32768): such a one could be another program's before it is used.
 */
export async function freePort(): Promise<number> {
  const port = 20_000 + (process.pid % 400) * PORTS + (drawn % PORTS)
  drawn += 1
  const server = createServer().listen(port)
  try {
    await once(server, 'listening')
  } catch {
    return freePort()
  }
  server.close()
  await once(server, 'close')
  return port
}

/** A state directory that does not exist yet; whatever database runs there is stopped in the end. */
export async function stateDirectory(t: Test, name = '.mintmark'): Promise<string> {
  const top = await mkdtemp(join(tmpdir(), 'mintmark-test-'))
  // As in a usual checkout: others may pass, so that root can leave the database to another user.
  await chmod(top, 0o711)
  const directory = join(top, name)
  t.teardown(async () => {
    const server = await postmasterOf(directory)
    if (server !== undefined) process.kill(server, 'SIGKILL')
    await rm(top, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  })
  return directory
}

/** The process id of the embedded database of a state directory, while it runs. */
export async function postmasterOf(directory: string): Promise<number | undefined> {
  return (await runningPostmaster(join(directory, 'cluster', 'data')))?.pid
}

/** POSTs a form. */
export function post(
  service: { url: string },
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${service.url}${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  })
}
