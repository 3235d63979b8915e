import { CommanderError } from 'commander'
import { toFailure } from './failure.ts'
import { printable, printableJson } from './printable.ts'
import { createProgram } from './program.ts'

/**
 * Runs one command line to its end, which it leaves in the process's exit code. Whatever goes wrong
 * is told on standard error; nothing is thrown.
 * @param argv as in `process.argv`: two words that name the program, and then the command's own
 */
export async function run(argv: readonly string[]): Promise<void> {
  const wantsJson = argv.includes('--json')
  try {
    await createProgram(wantsJson).parseAsync(argv)
  } catch (error) {
    // Help and the version were asked for and have been given.
    const wasHelp = error instanceof CommanderError && error.exitCode === 0
    if (!wasHelp) {
      const { code, message, exitCode } = toFailure(error)
      const hasHelp = code === 'help_shown'
      const line = wantsJson
        ? printableJson({ error: { code, message } })
        : `mintmark: ${printable(message)}`
      if (wantsJson || !hasHelp) process.stderr.write(`${line}\n`)
      process.exitCode = exitCode
    }
  }
}
