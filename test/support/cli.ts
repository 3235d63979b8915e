import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import type { Command, Outcome } from './cli-runner.ts'
import { COMPILE_CACHE } from './compile-cache.ts'

const BIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const RUNNER = fileURLToPath(new URL('cli-runner.ts', import.meta.url))

/** How a command ended and what it wrote. */
export interface Ran extends Outcome {
  /** Standard output as JSON; fails when it is anything else. */
  json<T = Record<string, unknown>>(): T
}

export type Mintmark = (args: string[], options?: { stdin?: string }) => Promise<Ran>

/** The real command line as a process of its own, with these variables alone. */
export function commandProcess(env: Record<string, string>): Mintmark {
  return async (args, { stdin = '' } = {}) => {
    const child = start([BIN, ...args], env, 'pipe')
    const ended = once(child, 'close')
    child.stdin?.end(stdin)
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout as NodeJS.ReadableStream),
      text(child.stderr as NodeJS.ReadableStream),
      ended,
    ])
    return toRan({ code, stdout, stderr })
  }
}

/**
 * The same command line, one command after another in one process of this test file: for whatever
 * does not need a process of its own to be seen. Fails too when a command leaves something open.
 */
export function commandLine(env: Record<string, string>): Mintmark {
  const { PATH = '' } = process.env
  return async (args, { stdin = '' } = {}) => {
    const outcome = last.then(() => ask({ args, env: { PATH, ...env }, stdin }))
    last = outcome.catch(() => {})
    return toRan(await outcome)
  }
}

/** The end of the command before. */
let last: Promise<unknown> = Promise.resolve()
let runner: ReturnType<typeof startRunner> | undefined

async function ask(command: Command): Promise<Outcome> {
  runner ??= startRunner()
  const { child, ended } = runner
  const answered = once(child, 'message')
  child.send(command)
  const [outcome] = await Promise.race([answered, ended])
  return outcome
}

function startRunner() {
  const child = start([RUNNER], {}, 'ipc')
  tap.teardown(() => child.connected && child.disconnect())
  const ended = once(child, 'exit').then(() => {
    runner = undefined
    throw new Error('the process that runs the commands has ended: see its standard error')
  })
  // In the end nobody listens any more.
  ended.catch(() => {})
  return { child, ended }
}

/** tap has every Node process load its recorder, which takes half as long as a command itself. */
function start(args: string[], env: Record<string, string>, talk: 'pipe' | 'ipc'): ChildProcess {
  const { PATH = '' } = process.env
  return spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, ...args], {
    env: { PATH, ...COMPILE_CACHE, ...env },
    cwd: tmpdir(),
    stdio: talk === 'pipe' ? 'pipe' : ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

function toRan(outcome: Outcome): Ran {
  return { ...outcome, json: () => JSON.parse(outcome.stdout) }
}
