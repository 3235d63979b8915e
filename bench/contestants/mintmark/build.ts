import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** The programs of the built service. */
export interface Build {
  readonly main: string
  readonly cli: string
}

/** Builds the service as a container has it: plain JavaScript in `dist/`. Rejects as tsc says. */
export async function buildService(): Promise<Build> {
  await execute(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
    {
      cwd: ROOT,
    },
  )
  return { main: `${ROOT}dist/main.js`, cli: `${ROOT}dist/cli/main.js` }
}
