import { installPackages } from './install.ts'

// npm run bench [-- [options] [name…]]: see README.md beside this file.
await installPackages()
// Only now: what it imports may be what was just installed.
const { bench } = await import('./bench.ts')
try {
  process.exitCode = await bench(process.argv.slice(2))
} catch (error) {
  // Most say what is missing here, or what was asked for that there is not: their text is enough.
  console.error(process.env.DEBUG ? error : `${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
