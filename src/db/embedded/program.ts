import { spawn } from 'node:child_process'

/** A program to run, and as whom. */
export interface Command {
  file: string
  args: string[]
  identity: { uid: number; gid: number } | Record<string, never>
}

/**
 * What every Postgres program is started with: a foreign PGPORT, PGDATA or locale must not reach
 * it, and the folder that it starts in must be one that any user can enter.
 */
export const SURROUNDINGS = {
  cwd: '/',
  env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' },
}

/** How a program ended. */
export interface Ending {
  succeeded: boolean
  /** Everything that it printed, or why it could not be started. */
  output: string
}

/** Runs a program to its end. Never rejects: one that cannot be started has not succeeded. */
export function run(command: Command): Promise<Ending> {
  return new Promise((settle) => {
    const child = spawn(command.file, command.args, {
      ...SURROUNDINGS,
      ...command.identity,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.once('error', (error) => settle({ succeeded: false, output: error.message }))
    child.once('close', (code) => settle({ succeeded: code === 0, output: output.trim() }))
  })
}
