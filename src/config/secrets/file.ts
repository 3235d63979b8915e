import { readFileSync } from 'node:fs'
import type { SecretSource } from './source.ts'

/** `<NAME>_FILE` names a file that holds it. */
export const fromFile: SecretSource = {
  suffix: '_FILE',
  read(path) {
    try {
      return { value: readFileSync(path, 'utf8') }
    } catch (error) {
      // A colon says that this is the secret itself, given to the wrong variable: it is not shown.
      const shown = path.includes(':') ? 'it names no file' : path
      return { problem: `${shown} (${(error as NodeJS.ErrnoException).code})` }
    }
  },
}
