import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../base/random.ts'
import type { MasterKey } from '../config/master-keys.ts'

const KEY_BYTES = 32

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
  const drawn = random.bytes(KEY_BYTES).toString('base64')
  await writeFile(file, drawn, { mode: 0o600, flag: 'wx' }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
  const key = Buffer.from(await readFile(file, 'utf8'), 'base64')
  if (key.length !== KEY_BYTES) {
    throw new Error(
      `${file} does not hold a key of ${KEY_BYTES} bytes in base64: put the right one back, or delete ${directory} to begin anew`,
    )
  }
  return [{ id: 1, key }]
}
