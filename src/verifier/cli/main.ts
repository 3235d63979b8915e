import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { run } from './run.ts'

/** Output that nobody reads any more (`mintmark-verify … | head -1`) is no error: the rest is dropped. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

/** In a checkout this file lies one folder below package.json, in the package two. */
async function readVersion(): Promise<string> {
  const isBuilt = import.meta.url.includes('/dist/cli/')
  const file = new URL(isBuilt ? '../../package.json' : '../package.json', import.meta.url)
  const { version } = JSON.parse(await readFile(file, 'utf8'))
  return version
}

const { stdout, stderr, exitCode } = await run(process.argv.slice(2), {
  fetch: globalThis.fetch,
  clock: Date.now,
  readInput: () => text(process.stdin),
  readFile: (path) => readFile(path, 'utf8'),
  readVersion,
})
process.stdout.write(stdout)
process.stderr.write(stderr)
process.exitCode = exitCode
