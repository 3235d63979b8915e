import { type Chains, startChains } from '../load/chains.ts'
import type { LoadGenerator, Part } from '../load/load.ts'
import type { Work } from '../load/work.ts'
import type { Entry } from './contestant.ts'

/** An entry of whoever answers at `origin`. */
export function enterByHttp(send: LoadGenerator, origin: string, parts: readonly Part[]): Entry {
  const single = parts.length === 1 ? parts[0]?.chains : undefined
  return {
    run: (effort) => send({ origin, parts, ...effort }),
    ...(single?.work.once && { left: () => single.values.length }),
  }
}

/** The parts of a load that is one work only. */
export function only(work: Work): Part[] {
  const chains: Chains = startChains(work)
  return [{ chains }]
}
