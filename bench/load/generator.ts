import { spawnSync } from 'node:child_process'
import { sendByAutocannon } from './autocannon.ts'
import type { LoadGenerator } from './load.ts'
import { sendByWrk } from './wrk.ts'

export const GENERATORS = ['wrk', 'autocannon'] as const
export type GeneratorName = (typeof GENERATORS)[number]

/**
 * The one that was asked for; else wrk where there is one, else autocannon, which is a Node program
 * and takes more of the machine. Throws when wrk was asked for and is not there.
 */
export function chooseGenerator(asked: GeneratorName | undefined): {
  name: string
  send: LoadGenerator
} {
  if (asked !== 'autocannon') {
    // It says its version with a help text and an exit code of its own.
    const { stdout, error } = spawnSync('wrk', ['--version'], { encoding: 'utf8' })
    if (error === undefined) return { name: stdout.split(' [')[0] ?? 'wrk', send: sendByWrk }
    if (asked === 'wrk') throw new Error('There is no wrk here. On Debian: apt-get install wrk')
  }
  return { name: 'autocannon', send: sendByAutocannon }
}
