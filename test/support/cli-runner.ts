import { Readable, Writable } from 'node:stream'
import { run } from '../../src/cli/run.ts'

/** What a process of the command line is given. */
export interface Command {
  readonly args: readonly string[]
  readonly env: Record<string, string>
  readonly stdin: string
}

/** How it ended and what it wrote. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Whatever a command has left open has closed by then, or stays. In milliseconds. */
const PATIENCE = 10_000

/**
 * The process behind {@link commandLine}: what a process of the command line does, again and again,
 * as loading it takes ten times as long as most commands. One command at a time.
 */
process.on('message', async (command: Command) => {
  process.send?.(await runAlone(command))
})
process.once('disconnect', () => process.exit())

async function runAlone({ args, env, stdin }: Command): Promise<Outcome> {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.exitCode = undefined
  replace('stdin', Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]))
  const [stdout, stderr] = [record('stdout'), record('stderr')]
  const before = open()
  await run(['node', 'mintmark', ...args])
  await untilNoMoreThan(before, args)
  return { code: Number(process.exitCode ?? 0), stdout: stdout(), stderr: stderr() }
}

/** Has what the command writes to a stream kept, and returns how to read it. */
function record(name: 'stdout' | 'stderr'): () => string {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  replace(name, stream)
  return () => Buffer.concat(chunks).toString()
}

function replace(name: 'stdin' | 'stdout' | 'stderr', stream: Readable | Writable): void {
  Object.defineProperty(process, name, { value: stream, configurable: true })
}

/** What would keep a process from ending, but for our own waiting. */
function open(): string {
  const resources = process.getActiveResourcesInfo()
  return resources
    .filter((name) => name !== 'Immediate')
    .sort()
    .join(' ')
}

/** A process ends by itself when nothing is open: so must every command, here too. */
async function untilNoMoreThan(before: string, args: readonly string[]): Promise<void> {
  const patience = performance.now() + PATIENCE
  while (open() !== before) {
    if (performance.now() > patience) {
      throw new Error(`mintmark ${args.join(' ')} would not end by itself: ${open()}`)
    }
    await new Promise(setImmediate)
  }
}
