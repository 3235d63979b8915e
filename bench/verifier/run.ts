import { parseArgs } from 'node:util'
import type { Algorithm } from '../../src/verifier/verifier.ts'
import { median } from '../report/statistics.ts'
import { prepare } from './contestants.ts'
import { timeVerifications } from './time.ts'

// node bench/verifier/run.ts [--alg ES256] [--rounds 5] [--count 4000]
const { values } = parseArgs({
  options: {
    alg: { type: 'string', multiple: true, default: ['ES256'] },
    rounds: { type: 'string', default: '5' },
    count: { type: 'string', default: '4000' },
  },
})
const [rounds, count] = [Number(values.rounds), Number(values.count)]
const IN_FLIGHT = [1, 32]

for (const alg of values.alg as Algorithm[]) {
  const { contestants, tokens } = await prepare(alg, 500)
  for (const inFlight of IN_FLIGHT) {
    const figures = new Map<string, number[]>()
    for (const contestant of contestants)
      await timeVerifications(contestant, tokens, { count, inFlight })
    // Whoever is measured in turns suffers alike from whatever else the machine does.
    for (let round = 0; round < rounds; round += 1) {
      for (const contestant of contestants) {
        const figure = await timeVerifications(contestant, tokens, { count, inFlight })
        figures.set(contestant.name, [...(figures.get(contestant.name) ?? []), figure])
      }
    }
    const medians = new Map([...figures].map(([name, all]) => [name, median(all)]))
    const fastest = Math.min(
      ...['jose, key in hand', 'jose, key set', 'fast-jwt'].map(
        (name) => medians.get(name) as number,
      ),
    )
    console.log(`\n${alg}, ${inFlight} in flight, ${rounds} rounds of ${count}: µs a token`)
    console.table(
      [...figures].map(([name, all]) => {
        const own = medians.get(name) as number
        return {
          name,
          median: own.toFixed(1),
          min: Math.min(...all).toFixed(1),
          max: Math.max(...all).toFixed(1),
          'tokens/s': Math.round(1e6 / own),
          'time / fastest bare one': (own / fastest).toFixed(2),
          'times faster': (fastest / own).toFixed(1),
        }
      }),
    )
  }
}
