import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import {
  all,
  allowedEntries,
  execForm,
  healthCommand,
  only,
  readCopy,
  readDockerfile,
  type Stage,
} from './dockerfile.ts'

// Does the steps of the Dockerfile where no container engine is: node scripts/image-steps.ts FOLDER
// makes FOLDER/<stage> of each stage, which stands for its WORKDIR, and beside them
//   FOLDER/start [COMMAND…]   runs a command, or else the image's own, as the image would,
//   FOLDER/health             is its HEALTHCHECK.
// Started by root, these two become the image's USER.
const ROOT = join(import.meta.dirname, '..')
const [target] = process.argv.slice(2)
if (target === undefined) throw new Error('Usage: node scripts/image-steps.ts FOLDER')
const folder = resolve(target)

// npm and the tools it starts are to find this Node.
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` }

mkdirSync(folder)
const context = join(folder, 'context')
for (const entry of allowedEntries(readFileSync(join(ROOT, '.dockerignore'), 'utf8'))) {
  cpSync(join(ROOT, entry), join(context, entry), { recursive: true })
}
const stages = readDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
for (const stage of stages) {
  const cwd = join(folder, stage.name)
  mkdirSync(cwd)
  for (const { word, rest } of stage.instructions) {
    if (word === 'COPY') copy(stage, rest)
    if (word !== 'RUN') continue
    console.log(`${stage.name}: ${rest}`)
    execFileSync('sh', ['-c', rest], { cwd, env, stdio: 'inherit' })
  }
}
const image = stages.at(-1) as Stage
writeProgram('start', '[ $# -gt 0 ] || set --', execForm(only(image, 'CMD')))
writeProgram('health', 'set --', healthCommand(image))

/** The folder's file or directory that stands for a path of a stage. */
function inStage(name: string, path: string): string {
  const stage = stages.find((each) => each.name === name)
  if (stage === undefined) throw new Error(`no stage ${name}`)
  const workdir = only(stage, 'WORKDIR')
  const inside = relative(workdir, resolve(workdir, path))
  if (inside.startsWith('..')) throw new Error(`${path} is not in the WORKDIR of ${name}`)
  return join(folder, name, inside)
}

/** As COPY does: of a directory, what is in it. */
function copy(stage: Stage, rest: string): void {
  const { from, sources, target } = readCopy(rest)
  for (const source of sources) {
    const path = from === undefined ? join(context, source) : inStage(from, source)
    const name = target.endsWith('/') ? join(target, basename(source)) : target
    cpSync(path, inStage(stage.name, name), { recursive: true, verbatimSymlinks: true })
  }
}

function writeProgram(name: string, sets: string, command: string[]): void {
  const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`
  const [uid, gid] = only(image, 'USER').split(':')
  const here = join(folder, image.name)
  const variables = all(image, 'ENV').map((line) =>
    line.replace(`${only(image, 'WORKDIR')}/`, `${here}/`),
  )
  const lines = [
    '#!/bin/sh',
    `cd ${quote(here)} || exit`,
    ...variables.map((line) => `export ${line}`),
    `${sets} ${command.map(quote).join(' ')}`,
    `[ "$(id -u)" != 0 ] || set -- setpriv --reuid=${uid} --regid=${gid} --clear-groups "$@"`,
    'exec "$@"',
  ]
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
  chmodSync(join(folder, name), 0o755)
}
