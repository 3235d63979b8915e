import { parseArgs } from 'node:util'
import { GENERATORS, type GeneratorName } from './load/generator.ts'
import { QUESTIONS, type QuestionName } from './questions/names.ts'
import type { Pace } from './scenarios/measure.ts'
import { SCENARIOS, type ScenarioName } from './scenarios/names.ts'

/** What is asked of the bench. */
export interface Options {
  readonly scenarios: readonly ScenarioName[]
  readonly questions: readonly QuestionName[]
  readonly pace: Pace
  /** Sessions, or whatever a contestant chains, of a scenario. */
  readonly chains: number
  /** How many there are in the large table of `flat`. */
  readonly sessions: number
  /** How many `million` makes. */
  readonly rotations: number
  /** How long `memory` takes. */
  readonly minutes: number
  /** Undefined: whatever is there. */
  readonly generator: GeneratorName | undefined
  /** Names of the peers that take part. */
  readonly peers: readonly string[]
}

export const USAGE = `Usage: npm run bench [-- [options] [name…]]

Without a name: all scenarios. A name is a scenario (${SCENARIOS.join(', ')}),
a question (${QUESTIONS.join(', ')}), or "all" for everything.

  --rounds N        how often each is measured (3)
  --seconds N       how long each time (4)
  --connections N   how many requests are under way at once (32)
  --chains N        sessions of a scenario (10000)
  --sessions N      sessions in the large table of "flat" (10000000)
  --rotations N     rotations of "million" (1000000)
  --minutes N       how long "memory" takes (5)
  --peers LIST      which peers take part, comma-separated; "none" for none (all)
  --load NAME       wrk or autocannon (wrk where there is one)
`

/** Reads the command line. Throws, with a message fit to print, on what it does not know. */
export function readOptions(args: string[], peers: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      connections: { type: 'string', default: '32' },
      chains: { type: 'string', default: '10000' },
      sessions: { type: 'string', default: '10000000' },
      rotations: { type: 'string', default: '1000000' },
      minutes: { type: 'string', default: '5' },
      peers: { type: 'string' },
      load: { type: 'string' },
    },
  })
  const isAll = positionals.includes('all')
  const unknown = positionals.filter(
    (name) => name !== 'all' && !isOneOf(SCENARIOS, name) && !isOneOf(QUESTIONS, name),
  )
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}.\n\n${USAGE}`)
  const named = <Name extends string>(names: readonly Name[], ifNone: readonly Name[]) =>
    isAll ? names : positionals.length === 0 ? ifNone : names.filter((n) => positionals.includes(n))
  const connections = count(values.connections)
  return {
    scenarios: named(SCENARIOS, SCENARIOS),
    questions: named(QUESTIONS, []),
    pace: { rounds: count(values.rounds), seconds: count(values.seconds), connections },
    // Fewer than that would leave connections without a value.
    chains: Math.max(count(values.chains), 20 * connections),
    sessions: count(values.sessions),
    rotations: count(values.rotations),
    minutes: count(values.minutes),
    generator: chooseLoad(values.load),
    peers: choosePeers(values.peers, peers),
  }
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return names.some((known) => known === name)
}

function count(text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new Error(`${text} is no number from 1 on.\n\n${USAGE}`)
  return Number(text)
}

function chooseLoad(text: string | undefined): GeneratorName | undefined {
  if (text === undefined || isOneOf(GENERATORS, text)) return text
  throw new Error(`--load is one of ${GENERATORS.join(', ')}.`)
}

function choosePeers(text: string | undefined, known: readonly string[]): readonly string[] {
  if (text === undefined) return known
  const chosen = text === 'none' ? [] : text.split(',')
  const unknown = chosen.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new Error(`There is no peer ${unknown.join(', ')}; there are ${known.join(', ')}.`)
  }
  return chosen
}
