import { execFile } from 'node:child_process'
import { mkdir, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { stateDirectory } from './process.ts'

const run = promisify(execFile)

const CHUNK = Buffer.alloc(64 * 1024)

/** A file system so small that it can be filled. */
export interface SmallDisk {
  readonly directory: string
  /** Takes all the room that is left, and what others have given back since. */
  fill(): Promise<void>
  /** Gives the room back. */
  free(): Promise<void>
  readonly freeBytes: () => Promise<number>
}

/** Says why no file system can be mounted here; undefined when one can. */
export async function whyNoSmallDisk(): Promise<string | undefined> {
  const [trial, commands] = ['/tmp/mintmark-mount-trial', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs']]
  try {
    await mkdir(trial, { recursive: true })
    await run('mount', [...commands, trial])
    await run('umount', [trial])
    return undefined
  } catch {
    return 'needs root on Linux, and leave to mount a tmpfs'
  } finally {
    await rm(trial, { recursive: true, force: true })
  }
}

/** Mounts one of that size, for a state directory; unmounted at the end of the test. */
export async function createSmallDisk(t: Test, megabytes: number): Promise<SmallDisk> {
  const directory = await stateDirectory(t)
  await mkdir(directory, { mode: 0o700 })
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', directory])
  // Lazily, should a process still have a file open there: the mount goes with the last of them.
  t.teardown(() => run('umount', ['--lazy', directory]))
  const ballast = join(directory, 'ballast')
  return {
    directory,
    async fill() {
      const file = await open(ballast, 'a')
      try {
        for (;;) await file.write(CHUNK)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        await file.close()
      }
    },
    free: () => rm(ballast, { force: true }),
    async freeBytes() {
      const { bavail, bsize } = await statfs(directory)
      return bavail * bsize
    },
  }
}
