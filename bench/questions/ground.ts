import { type Accounts, registerAccounts } from '../contestants/mintmark/accounts.ts'
import { type Deployment, deploy, type Service } from '../contestants/mintmark/deployment.ts'
import {
  firstTokens,
  numbersOf,
  type Range,
  seedSessions,
  settleTable,
} from '../contestants/mintmark/sessions.ts'
import { rotating } from '../contestants/mintmark/works.ts'
import type { Context } from '../context.ts'
import { type Chains, startChains } from '../load/chains.ts'
import type { LoadResult } from '../load/load.ts'
import { accept } from '../measure/sample.ts'

/** A service of a question's own, on a database of its own with so many sessions. */
export interface Ground {
  readonly deployment: Deployment
  readonly accounts: Accounts
  readonly service: Service
  /** Sessions to rotate, spread evenly over all. */
  readonly chains: Chains
  /** Rotates; rejects when a request failed. */
  rotate(effort: { seconds: number; atMost?: number }): Promise<LoadResult>
  close(): Promise<void>
}

/** For as long as it takes. */
export const UNTIL_DONE_SECONDS = 3_600

/** @param rotated how many of the sessions are rotated; all of them, unless it says fewer */
export async function layGround(
  { cluster, build, send, options }: Context,
  name: string,
  { sessions, rotated = sessions }: { sessions: number; rotated?: number },
): Promise<Ground> {
  const database = `bench_${name}`
  const deployment = await deploy(build, await cluster.createDatabase(database))
  const accounts = await registerAccounts(deployment)
  const range: Range = { first: 1, count: sessions }
  await seedSessions(deployment.databaseUrl, range)
  await settleTable(deployment.databaseUrl)
  const service = await deployment.start()
  const chains = startChains(rotating(firstTokens(deployment, numbersOf(range, rotated))))
  const { connections } = options.pace
  return {
    deployment,
    accounts,
    service,
    chains,
    async rotate(effort) {
      const result = await send({
        origin: service.origin,
        parts: [{ chains }],
        connections,
        ...effort,
      })
      accept(result)
      return result
    },
    async close() {
      await service.program.close()
      // What Postgres still had to tidy up there would disturb the next one.
      await cluster.dropDatabase(database)
    },
  }
}
