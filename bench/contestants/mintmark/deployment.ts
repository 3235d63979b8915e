import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { freePort, type Program, startProgram, untilAnswered } from '../program.ts'
import type { Build } from './build.ts'

/** As the image starts it: what V8 collects late is memory that nobody uses. */
const FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=20']

const execute = promisify(execFile)

/** A migrated database, and the configuration of a service on it. */
export interface Deployment {
  readonly databaseUrl: string
  readonly masterKey: Buffer
  /** Runs the command line and returns the JSON that it prints. Rejects with what it says. */
  mintmark(...args: string[]): Promise<Record<string, unknown>>
  /** Starts the service, one process, and waits until it is ready. */
  start(): Promise<Service>
}

/** A running service. */
export interface Service {
  readonly origin: string
  readonly program: Program
}

export const ISSUER = 'https://auth.example'

/**
 * What differs from the defaults: all callers of the bench have one address and few clients, which
 * the limits of a default configuration would stop.
 */
const LIMITS = { RATE_LIMIT_PUBLIC: '1000000/1s', RATE_LIMIT_INTROSPECT: '1000000/1s' }

/** Migrates an empty database. */
export async function deploy(build: Build, databaseUrl: string): Promise<Deployment> {
  const masterKey = randomBytes(32)
  const env = {
    DATABASE_URL: databaseUrl,
    ISSUER,
    MASTER_KEYS: `1:${masterKey.toString('base64')}`,
    HOST: '127.0.0.1',
    ADMIN_PORT: 'off',
    ...LIMITS,
  }
  const run = async (args: string[]) => {
    const surroundings = { PATH: process.env.PATH ?? '', ...env }
    return (await execute(process.execPath, [build.cli, ...args], { env: surroundings })).stdout
  }
  await run(['migrate', 'up'])
  return {
    databaseUrl,
    masterKey,
    mintmark: async (...args) => JSON.parse(await run(['--json', ...args])),
    async start() {
      const port = await freePort()
      // Its log, at the level of a default configuration, is written and goes nowhere.
      const program = startProgram(
        build.main,
        { ...env, PORT: String(port) },
        { quiet: true, flags: FLAGS },
      )
      const origin = `http://127.0.0.1:${port}`
      await untilAnswered(`${origin}/readyz`, program).catch(async (error: unknown) => {
        await program.close()
        throw error
      })
      return { origin, program }
    },
  }
}
