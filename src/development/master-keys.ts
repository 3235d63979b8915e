import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../base/random.ts'
import type { MasterKey } from '../keys/master-keys.ts'

/**
 * The master key of a development folder, made once and kept in `master-key` (mode 0600). Of two
 * processes that come first at once, one's key stands.
 */
export async function developmentMasterKeys(
  directory: string,
  random: Random,
): Promise<MasterKey[]> {
  const file = join(directory, 'master-key')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const drawn = random.bytes(32).toString('base64')
  await writeFile(file, drawn, { mode: 0o600, flag: 'wx' }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
  return [{ id: 1, key: Buffer.from(await readFile(file, 'utf8'), 'base64') }]
}
