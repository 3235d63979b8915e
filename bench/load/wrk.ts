import { spawn } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { childrenCpuSeconds } from '../measure/cpu.ts'
import type { Chains } from './chains.ts'
import { isChained } from './chains.ts'
import type { Load, LoadResult } from './load.ts'

const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url))
/** What the script prints when it has had enough, and before what it has seen. */
const ENOUGH = 'ENOUGH'
const RESULT = 'RESULT '

/** What the script tells; times in microseconds. */
interface Told {
  requests: number
  duration: number
  p50: number
  p99: number
  failures: number
  unanswered: number
  first: string
}

let runs = 0

/** Sends a load by wrk, with one thread. Rejects when wrk cannot be run or says nothing. */
export async function sendByWrk(load: Load): Promise<LoadResult> {
  runs += 1
  const base = join(tmpdir(), `mintmark-bench-${process.pid}-${runs}`)
  const all = [...new Set(load.parts.map(({ chains }) => chains))]
  const files = all.map((_, index) => `${base}-${index}.values`)
  const config = `${base}.lua`
  try {
    for (const [index, chains] of all.entries()) {
      if (isChained(chains)) await writeFile(files[index] as string, chains.values.join('\n'))
    }
    await writeFile(config, describe(load, all, files))
    const before = childrenCpuSeconds()
    const told = await run(load, config)
    const after = childrenCpuSeconds()
    for (const [index, chains] of all.entries()) {
      if (isChained(chains)) chains.values = await readValues(files[index] as string)
    }
    return {
      requests: told.requests,
      seconds: told.duration / 1e6,
      p50: told.p50 / 1000,
      p99: told.p99 / 1000,
      failures: told.failures + told.unanswered,
      firstFailure: told.first || (told.unanswered > 0 ? 'no answer' : undefined),
      cpuSeconds: before === undefined || after === undefined ? undefined : after - before,
    }
  } finally {
    for (const file of [...files, config]) await rm(file, { force: true })
  }
}

async function readValues(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8')
  return text === '' ? [] : text.split('\n')
}

function run(load: Load, config: string): Promise<Told> {
  const args = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--timeout', '30s']
  const child = spawn('wrk', [...args, '-s', SCRIPT, load.origin, '--', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new Promise((resolve, reject) => {
    let output = ''
    const collect = (chunk: string) => {
      output += chunk
      if (output.startsWith(ENOUGH) || output.includes(`\n${ENOUGH}`)) child.kill('SIGINT')
    }
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    child.once('error', reject).once('close', () => {
      const line = output.split('\n').find((one) => one.startsWith(RESULT))
      if (line !== undefined) resolve(JSON.parse(line.slice(RESULT.length)))
      else reject(new Error(`wrk told nothing of what it has seen: ${output}`))
    })
  })
}

/** The load as a table of Lua, which the script reads. */
function describe(load: Load, all: readonly Chains[], files: readonly string[]): string {
  const works = all.map((chains, index) => {
    const { work } = chains
    const head = [
      `${work.method} ${work.path} HTTP/1.1`,
      `Host: ${new URL(load.origin).host}`,
      ...Object.entries(work.headers).map(([name, value]) => `${name}: ${value}`),
    ].join('\r\n')
    return luaTable({
      head: luaText(`${head}\r\n`),
      body: luaText(work.body ?? ''),
      ...(isChained(chains) && { values: luaText(files[index] as string) }),
      ...(work.next !== undefined && { next: luaText(work.next) }),
      ...(work.once && { once: 'true' }),
    })
  })
  const turns = load.parts.map(({ chains, again }) =>
    luaTable({ work: String(all.indexOf(chains) + 1), again: String(again === true) }),
  )
  return `return ${luaTable({
    works: `{ ${works.join(', ')} }`,
    turns: `{ ${turns.join(', ')} }`,
    at_most: String(load.atMost ?? 0),
  })}`
}

function luaTable(members: Record<string, string>): string {
  return `{ ${Object.entries(members)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')} }`
}

/** JSON's escapes that can occur here are Lua's as well. */
function luaText(text: string): string {
  return JSON.stringify(text)
}
