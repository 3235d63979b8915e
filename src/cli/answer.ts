import type { Command } from 'commander'
import { EXIT } from './failure.ts'
import { printable, printableJson } from './printable.ts'

/** What a command has to say. */
export interface Answer {
  /** For `--json`. */
  readonly json: unknown
  /** For people, on standard output. */
  readonly text: string
  /** What is not the answer itself, on standard error; left out with `--json`. */
  readonly notes?: readonly string[]
  /** False when the answer is no: exit code 1. */
  readonly good?: boolean
  /** How the command exits where that is something else. */
  readonly exitCode?: number
}

/**
 * Makes a command's action of a function that answers; it gets the command's arguments and options.
 * Whatever the answer holds, nothing of it steers the terminal.
 */
export function answering<A extends unknown[]>(
  work: (...args: A) => Promise<Answer>,
): (...args: [...A, Command]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command
    const answer = await work(...(args.slice(0, -1) as A))
    if (command.optsWithGlobals().json) {
      process.stdout.write(`${printableJson(answer.json, 2)}\n`)
    } else {
      for (const note of answer.notes ?? []) process.stderr.write(`${printable(note)}\n`)
      process.stdout.write(`${printable(answer.text.trimEnd())}\n`)
    }
    if (answer.good === false) process.exitCode = EXIT.no
    if (answer.exitCode !== undefined) process.exitCode = answer.exitCode
  }
}
