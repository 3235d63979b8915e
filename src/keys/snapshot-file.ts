import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Random } from '../base/random.ts'

/** More than any set of keys takes. In bytes. */
const LIMIT = 1_000_000

/**
 * Puts `bytes` in the place of a file, which only its owner may read. Whoever reads it meanwhile, or
 * after a crash, finds all of the old content or all of the new; of several that write at once, the
 * last one's stands. Throws what the file system throws.
 */
export async function replaceFile(file: string, bytes: Buffer, random: Random): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${random.bytes(8).toString('hex')}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(bytes)
      // Without it a crash could leave the new name with no content behind it.
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {})
    throw error
  }
}

/**
 * What a small file holds; undefined where there is none. Throws what the file system throws, and when
 * it is no file, which could be waited for without end, or too long.
 */
export async function readSmallFile(file: string): Promise<Buffer | undefined> {
  try {
    const found = await stat(file)
    if (!found.isFile() || found.size > LIMIT) throw new Error('it is no file, or a very long one')
    return await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
