#!/usr/bin/env node
import { run } from './run.ts'

/** Output that nobody reads any more (`mintmark … | head -1`) is no error: the rest is dropped. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

await run(process.argv)
