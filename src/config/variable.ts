import type { Reader } from './readers.ts'

/** One environment variable: how it is read and what the README says of it (in Markdown). */
export interface Variable<T> {
  readonly name: string
  readonly description: string
  readonly example: string
  /** The text that is read when the variable is unset. */
  readonly default?: string
  /** What stands for it in the README when it depends on other things; src/config.ts works it out. */
  readonly computedDefault?: string
  /** With a database of one's own nothing is guessed: this must then be given. */
  readonly requiredWithDatabase?: true
  /** Can also come from a file, a command, or whatever else src/config/secrets has. */
  readonly secret?: true
  readonly read: Reader<T>
}
