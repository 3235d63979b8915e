import { execFile } from 'node:child_process'
import { access, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { TEMPLATE_VARIABLE } from './database.ts'
import { startService, stateDirectory } from './process.ts'

const run = promisify(execFile)

/** A state directory of an earlier run: copied, because making it takes three times as long as a start. */
export async function usedDirectory(t: Test, name?: string): Promise<string> {
  const directory = await stateDirectory(t, name)
  // By the system's cp, as Node's takes as long as a first start.
  await run('cp', ['-a', await original(t), directory])
  return directory
}

/** One for all files of a run, made by whoever is first to need it. */
async function original(t: Test): Promise<string> {
  const place = join(tmpdir(), `used-${process.env[TEMPLATE_VARIABLE]}`)
  const isThere = await access(place).then(
    () => true,
    () => false,
  )
  if (isThere) return place
  const made = await stateDirectory(t)
  const service = await startService(t, { STATE_DIR: made })
  service.signal('SIGTERM')
  await service.ended()
  try {
    await rename(made, place)
  } catch (error) {
    // Another was faster: its directory is as good.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
  }
  return place
}
