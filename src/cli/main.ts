#!/usr/bin/env node
import { CommanderError } from 'commander'
import { toFailure } from './failure.ts'
import { createProgram } from './program.ts'

/** Output that nobody reads any more (`mintmark … | head -1`) is no error: the rest is dropped. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

const wantsJson = process.argv.includes('--json')
try {
  await createProgram(wantsJson).parseAsync(process.argv)
} catch (error) {
  // Help and the version were asked for and have been given.
  const wasHelp = error instanceof CommanderError && error.exitCode === 0
  if (!wasHelp) {
    const { code, message, exitCode } = toFailure(error)
    const hasHelp = code === 'help_shown'
    const line = wantsJson ? JSON.stringify({ error: { code, message } }) : `mintmark: ${message}`
    if (wantsJson || !hasHelp) process.stderr.write(`${line}\n`)
    process.exitCode = exitCode
  }
}
