import { createRequire } from 'node:module'
import { json } from 'node:stream/consumers'
import type { Chains } from './chains.ts'
import type { Load, LoadResult } from './load.ts'

// Reads a load from standard input, sends it, and prints what came of it.

/** What this program is told. */
interface Order extends Pick<Load, 'origin' | 'connections' | 'seconds' | 'atMost'> {
  all: Chains[]
  turns: { chain: number; again: boolean }[]
}

/** What it prints: also the values that come next. */
export interface Told {
  result: Omit<LoadResult, 'cpuSeconds'>
  values: string[][]
}

/** The part of autocannon that is used; its package has no types. */
type Autocannon = (options: object) => Promise<{
  requests: { total: number }
  duration: number
  errors: number
  latency: { p50: number; p99: number }
}>
interface Context {
  chains?: Chains
}

const { origin, connections, seconds, atMost, all, turns } = (await json(process.stdin)) as Order
const autocannon: Autocannon = createRequire(import.meta.url)('autocannon')
const queues = new Map(all.map((chains) => [chains, { next: 0, last: '' }]))
let turn = -1
let failures = 0
let firstFailure: string | undefined

function setupRequest(request: object, context: Context) {
  turn = (turn + 1) % turns.length
  const { chain, again } = turns[turn] as Order['turns'][number]
  const chains = all[chain] as Chains
  const { work, values } = chains
  const queue = queues.get(chains) as { next: number; last: string }
  if (!again) context.chains = chains
  else delete context.chains
  if (!again && work.values !== undefined) {
    queue.last = values[queue.next] ?? queue.last
    queue.next += 1
    if (work.next === undefined && !work.once) values.push(queue.last)
  }
  const fill = (text: string) => text.replaceAll('{value}', queue.last)
  const headers = Object.fromEntries(
    Object.entries(work.headers).map(([name, value]) => [name, fill(value)]),
  )
  return {
    ...request,
    method: work.method,
    path: work.path,
    headers,
    ...(work.body !== undefined && { body: fill(work.body) }),
  }
}

function onResponse(status: number, body: string, { chains }: Context) {
  if (status !== 200) {
    failures += 1
    firstFailure ??= `${status} ${body}`
  } else if (chains?.work.next !== undefined) {
    chains.values.push(JSON.parse(body)[chains.work.next])
  }
}

const seen = await autocannon({
  url: origin,
  connections,
  ...(atMost === undefined ? { duration: seconds } : { amount: atMost }),
  timeout: 30,
  requests: [{ setupRequest, onResponse }],
})
const told: Told = {
  result: {
    requests: seen.requests.total,
    seconds: seen.duration,
    p50: seen.latency.p50,
    p99: seen.latency.p99,
    failures: failures + seen.errors,
    firstFailure,
  },
  values: all.map((chains) => chains.values.slice(queues.get(chains)?.next ?? 0)),
}
process.stdout.write(JSON.stringify(told))
