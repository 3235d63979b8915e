import type { Reading } from '../readers.ts'

/** The variables that the process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Where a secret can come from instead of its own variable. One more is a file beside this one that
 * exports such an object, and a line in all.ts; every secret variable can then come from it, and the
 * README's table says so.
 */
export interface SecretSource {
  /** What follows the secret's name in the name of the variable that leads to it, as in `_FILE`. */
  readonly suffix: `_${string}`
  /**
   * Fetches the secret, once, while nothing else happens.
   * @param told what that variable says
   * @returns the secret as it was found, or why there is none, in words fit to print: a problem repeats
   *   nothing that may be secret
   */
  read(told: string, env: Environment): Reading<string>
}
