import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** A Node process that a contestant runs in. */
export interface Program {
  readonly pid: number
  /** Resolves when it has printed that line. Rejects when it ends before. */
  printed(line: string): Promise<void>
  /** Whether it has ended by itself. */
  readonly ended: boolean
  /** By SIGTERM, and waits for its end; by SIGKILL when that takes more than ten seconds. */
  close(): Promise<void>
}

const running = new Set<ChildProcess>()
// However this process ends, nobody is left behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts `node file` with that environment and nothing else of this process's but PATH. What it logs
 * goes nowhere (`quiet`), or is read and thrown away; the end of what it says on stderr is kept for
 * the message when it fails.
 */
export function startProgram(
  file: string,
  env: Record<string, string>,
  { quiet = false, flags = [] }: { quiet?: boolean; flags?: readonly string[] } = {},
): Program {
  const child = spawn(process.execPath, [...flags, file], {
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...env },
    stdio: ['ignore', quiet ? 'ignore' : 'pipe', 'pipe'],
  })
  running.add(child)
  let ended = false
  let output = ''
  let complaints = ''
  const heard = new EventTarget()
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output = (output + chunk).slice(-4_000)
    heard.dispatchEvent(new Event('output'))
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    complaints = (complaints + chunk).slice(-4_000)
  })
  const end = once(child, 'close').then(() => {
    ended = true
    running.delete(child)
    heard.dispatchEvent(new Event('output'))
  })
  return {
    pid: child.pid as number,
    get ended() {
      return ended
    },
    async printed(line) {
      while (!output.split('\n').includes(line)) {
        if (ended) throw new Error(`${file} ended without being ready: ${complaints || output}`)
        await once(heard, 'output')
      }
    },
    async close() {
      if (ended) return
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await end
      clearTimeout(late)
    },
  }
}

/** A port of 127.0.0.1 that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until a URL answers 200. Rejects when the program ends, or after a minute. */
export async function untilAnswered(url: string, program: Program): Promise<void> {
  const patience = Date.now() + 60_000
  for (;;) {
    const response = await fetch(url).catch(() => undefined)
    await response?.arrayBuffer()
    if (response?.status === 200) return
    if (program.ended || Date.now() > patience) {
      throw new Error(`${url} does not answer 200${program.ended ? ': its process has ended' : ''}`)
    }
    await pause(5)
  }
}
