import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { childrenCpuSeconds } from '../measure/cpu.ts'
import type { Told } from './autocannon-program.ts'
import type { Load, LoadResult } from './load.ts'

const PROGRAM = fileURLToPath(new URL('autocannon-program.ts', import.meta.url))

/** Sends a load by autocannon, in a process of its own. Rejects when that fails. */
export async function sendByAutocannon(load: Load): Promise<LoadResult> {
  const before = childrenCpuSeconds()
  const told = await run(load)
  const after = childrenCpuSeconds()
  const all = [...new Set(load.parts.map(({ chains }) => chains))]
  for (const [index, chains] of all.entries()) chains.values = told.values[index] ?? []
  return {
    ...told.result,
    cpuSeconds: before === undefined || after === undefined ? undefined : after - before,
  }
}

function run(load: Load): Promise<Told> {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] })
  const all = [...new Set(load.parts.map(({ chains }) => chains))]
  const turns = load.parts.map(({ chains, again = false }) => ({
    chain: all.indexOf(chains),
    again,
  }))
  child.stdin.end(JSON.stringify({ ...load, parts: undefined, all, turns }))
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
    child.once('error', reject).once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output))
      else reject(new Error(`autocannon ended with ${code}`))
    })
  })
}
