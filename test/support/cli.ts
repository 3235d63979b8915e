import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { COMPILE_CACHE } from './compile-cache.ts'

const BIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** How a command ended and what it wrote. */
export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Standard output as JSON; fails when it is anything else. */
  json<T = Record<string, unknown>>(): T
}

export type Mintmark = (args: string[], options?: { stdin?: string }) => Promise<Ran>

/** The real command line as a process of its own, with these variables alone. */
export function commandLine(env: Record<string, string>): Mintmark {
  const { PATH = '' } = process.env
  return async (args, { stdin = '' } = {}) => {
    // tap has every Node process load its recorder, which takes half as long as the command itself.
    const command = ['-u', 'NODE_OPTIONS', process.execPath, BIN, ...args]
    const child = spawn('env', command, {
      env: { PATH, ...COMPILE_CACHE, ...env },
      cwd: tmpdir(),
    })
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve)
    })
    child.stdin.end(stdin)
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      ended,
    ])
    return { code, stdout, stderr, json: () => JSON.parse(stdout) }
  }
}
