import { startChains } from '../../load/chains.ts'
import type { LoadGenerator, Part } from '../../load/load.ts'
import type { Work } from '../../load/work.ts'
import type { ScenarioName } from '../../scenarios/names.ts'
import type { Contestant, Entry } from '../contestant.ts'
import { enterByHttp, only } from '../http-entry.ts'
import { type Accounts, registerAccounts } from './accounts.ts'
import type { Deployment, Service } from './deployment.ts'
import { refreshedAccessTokens } from './requests.ts'
import {
  firstTokens,
  numbersOf,
  type Range,
  rotateOnce,
  seedSessions,
  settleTable,
} from './sessions.ts'
import {
  askingForItself,
  introspecting,
  loggingIn,
  READING_KEYS,
  retrying,
  revoking,
  rotating,
} from './works.ts'

/** Which sessions are whose: each scenario has its own. */
export interface Ranges {
  readonly rotate: Range
  readonly retry: Range
  readonly mixed: Range
  readonly introspect: Range
  readonly introspectMixed: Range
  readonly revoke: Range
  /** For a refresh that is made to see how large its answer is. */
  readonly tried: Range
  readonly pgbench: Range
}

/** So many access tokens are introspected, in turns. */
const INTROSPECTED = 500

export function divide(chains: number): Ranges {
  let next = 1
  const range = (count: number) => {
    next += count
    return { first: next - count, count }
  }
  return {
    rotate: range(chains),
    pgbench: range(chains),
    retry: range(chains * 4),
    mixed: range(chains),
    revoke: range(chains * 4),
    introspect: range(INTROSPECTED),
    introspectMixed: range(INTROSPECTED),
    tried: range(100),
  }
}

/** Seeds a deployment with all that the scenarios need, and starts the service. */
export async function startMintmark(
  deployment: Deployment,
  ranges: Ranges,
  send: LoadGenerator,
): Promise<{ contestant: Contestant; service: Service }> {
  const accounts = await registerAccounts(deployment)
  for (const range of Object.values(ranges)) await seedSessions(deployment.databaseUrl, range)
  await settleTable(deployment.databaseUrl)
  const service = await deployment.start()
  const entries = prepareEntries(deployment, ranges, accounts, service, send)
  const contestant: Contestant = {
    name: 'Mintmark',
    kind: 'ours',
    pid: service.program.pid,
    databaseUrl: deployment.databaseUrl,
    enter: async (scenario) => entries[scenario]?.(),
    close: service.program.close,
  }
  return { contestant, service }
}

function prepareEntries(
  deployment: Deployment,
  ranges: Ranges,
  accounts: Accounts,
  { origin }: Service,
  send: LoadGenerator,
): Partial<Record<ScenarioName, () => Entry | Promise<Entry>>> {
  const tokens = (range: Range) => firstTokens(deployment, numbersOf(range))
  const enter = (parts: Part[]) => enterByHttp(send, origin, parts)
  const introspection = async (range: Range) =>
    introspecting(accounts, await refreshedAccessTokens(origin, tokens(range)))
  return {
    rotate: () => enter(only(rotating(tokens(ranges.rotate)))),
    async retry() {
      // Ahead of the clock, so that none leaves the retry window while others take their turn.
      const at = new Date(Date.now() + 300_000)
      await rotateOnce(deployment.databaseUrl, ranges.retry, at)
      return enter(only(retrying(tokens(ranges.retry))))
    },
    client_credentials: () => enter(only(askingForItself(accounts))),
    password: () => enter(only(loggingIn(accounts))),
    introspect: async () => enter(only(await introspection(ranges.introspect))),
    revoke: () => enter(only(revoking(tokens(ranges.revoke)))),
    jwks: () => enter(only(READING_KEYS)),
    mixed: async () => {
      const introspections = await introspection(ranges.introspectMixed)
      return enter(mix(rotating(tokens(ranges.mixed)), introspections, accounts))
    },
  }
}

/** Twenty turns: a retry comes some turns after the rotation that it repeats. */
function mix(rotations: Work, introspections: Work, accounts: Accounts): Part[] {
  const chains = startChains(rotations)
  const rotate = Array.from({ length: 7 }, (): Part => ({ chains }))
  const retry: Part = { chains, again: true }
  const introspect: Part = { chains: startChains(introspections) }
  const ownToken: Part = { chains: startChains(askingForItself(accounts)) }
  const keys: Part = { chains: startChains(READING_KEYS) }
  return [...rotate, retry, introspect, ownToken, ...rotate, retry, introspect, keys]
}
