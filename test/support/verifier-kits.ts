import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'

/** The languages of the verifiers in test/interop. */
export type Language = 'node' | 'python' | 'go' | 'java'

/** How to start a verifier, by the name of its file or folder. */
export type StartCommand = (program: string) => string[]

/** There is no such toolchain on this machine. */
export class ToolchainMissing extends Error {
  override readonly name = 'ToolchainMissing'
}

const run = promisify(execFile)
const FOLDER = fileURLToPath(new URL('../interop/', import.meta.url))
const inFolder = (...path: string[]) => join(FOLDER, ...path)

/**
 * Installs what the verifiers of a language stand on, in the versions that are locked there, and
 * returns how to start them. They are no dependencies of the service, and nothing of them is kept in
 * git. Throws {@link ToolchainMissing}.
 */
export const prepareKit: Record<Language, (t: Test) => Promise<StartCommand>> = {
  async node() {
    const installed = inFolder('node', 'node_modules', '.package-lock.json')
    if (!(await isNewer(installed, inFolder('node', 'package-lock.json')))) {
      await call('npm', ['ci', '--no-audit', '--no-fund'], inFolder('node'))
    }
    return (program) => [process.execPath, inFolder('node', program)]
  },
  async python() {
    const folder = inFolder('python', '.venv')
    const requirements = inFolder('python', 'requirements.txt')
    const python = join(folder, 'bin', 'python')
    if (!(await isInstalled(python, requirements))) {
      await call('python3', ['-m', 'venv', '--clear', folder])
      await call(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements])
    }
    return (program) => [python, inFolder('python', program)]
  },
  async go(t) {
    const built = t.testdir()
    await call('go', ['build', '-o', `${built}/`, './...'], inFolder('go'))
    return (program) => [join(built, program)]
  },
  async java() {
    // Maven compiles what has changed, and leaves the rest.
    await call('mvn', ['--quiet', '--batch-mode', 'compile'], inFolder('java'))
    const path = [
      inFolder('java', 'target', 'classes'),
      inFolder('java', 'target', 'dependency', '*'),
    ]
    return (program) => ['java', '-XX:TieredStopAtLevel=1', '-cp', path.join(delimiter), program]
  },
}

async function isNewer(file: string, than: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  return found !== undefined && found.mtimeMs >= (await stat(than)).mtimeMs
}

/** Whether all that is required is there in its version. */
async function isInstalled(python: string, requirements: string): Promise<boolean> {
  const frozen = await run(python, ['-m', 'pip', 'freeze']).catch(() => undefined)
  const lines = (await readFile(requirements, 'utf8')).trim().split('\n')
  return lines.every((line) => frozen?.stdout.split('\n').includes(line))
}

async function call(command: string, args: string[], cwd = tmpdir()): Promise<void> {
  // What the test runner and npm say of this project is not meant for another one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_config_local|NODE_OPTIONS$)/.test(name)),
  )
  try {
    await run(command, args, { cwd, env, maxBuffer: 2 ** 26 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new ToolchainMissing(`there is no ${command}`)
  }
}
