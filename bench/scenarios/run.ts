import type { Contestant } from '../contestants/contestant.ts'
import { startFastify } from '../contestants/fastify/fastify.ts'
import { CLIENT } from '../contestants/mintmark/accounts.ts'
import { deploy } from '../contestants/mintmark/deployment.ts'
import { divide, startMintmark } from '../contestants/mintmark/mintmark.ts'
import { refresh } from '../contestants/mintmark/requests.ts'
import { firstTokens } from '../contestants/mintmark/sessions.ts'
import { READING_KEYS } from '../contestants/mintmark/works.ts'
import { startPeer } from '../contestants/peer.ts'
import { createPgbench, findPgbench } from '../contestants/pgbench/pgbench.ts'
import { rotationScript } from '../contestants/pgbench/statement.ts'
import type { Context } from '../context.ts'
import { describeScenario } from '../report/scenario-table.ts'
import { measureScenario, type ScenarioResult } from './measure.ts'
import type { ScenarioName } from './names.ts'
import { measureVerify } from './verify.ts'

/**
 * Starts all contestants, and measures the scenarios that were asked for one after the other. A peer
 * that cannot be started, or breaks, is told and stops nobody else. Rejects when Mintmark or a
 * reference does not start.
 */
export async function runScenarios(
  context: Context,
): Promise<{ results: ScenarioResult[]; broken: boolean }> {
  const { options, cluster } = context
  const { pace } = options
  const contestants: Contestant[] = []
  const results: ScenarioResult[] = []
  let broken = false
  try {
    for await (const contestant of startOwn(context)) contestants.push(contestant)
    for (const name of options.peers) {
      try {
        contestants.push(await startAPeer(name, context))
      } catch (error) {
        broken = true
        console.log(`BROKEN: ${name} did not start: ${(error as Error).message}`)
      }
    }
    for (const scenario of options.scenarios) {
      const result =
        scenario === 'verify'
          ? await measureVerify(pace)
          : await measureScenario(scenario, contestants, { cluster, pace })
      console.log(`\n${describeScenario(result)}`)
      results.push(result)
      broken ||= result.outcomes.some((outcome) => outcome.broken !== undefined)
    }
    return { results, broken }
  } finally {
    for (const { close } of contestants) await close()
  }
}

/** Mintmark and the references. */
async function* startOwn({ options, build, cluster, send }: Context): AsyncGenerator<Contestant> {
  const ranges = divide(options.chains)
  const deployment = await deploy(build, await cluster.createDatabase('mintmark_bench'))
  const { contestant: ours, service } = await startMintmark(deployment, ranges, send)
  yield ours
  const pgbench = await findPgbench()
  if (pgbench === undefined) console.log('There is no pgbench here: its row is left out.')
  else {
    const script = rotationScript(ranges.pgbench.first, ranges.pgbench.count, CLIENT)
    yield createPgbench(pgbench, deployment.databaseUrl, script)
  }
  let tried = ranges.tried.first
  const sizes: Partial<Record<ScenarioName, () => Promise<number>>> = {
    async rotate() {
      const [token = ''] = firstTokens(deployment, [tried])
      tried += 1
      return Buffer.byteLength(await refresh(service.origin, token))
    },
    async jwks() {
      const response = await fetch(`${service.origin}${READING_KEYS.path}`)
      return (await response.arrayBuffer()).byteLength
    },
  }
  yield await startFastify(send, async (scenario) => sizes[scenario]?.())
}

async function startAPeer(name: string, { options, cluster, send }: Context): Promise<Contestant> {
  const { chains } = options
  const databaseUrl = await cluster.createDatabase(`${name.replaceAll('-', '_')}_bench`)
  console.log(`Starting ${name}, which seeds itself with ${chains} sessions`)
  return startPeer(name, { databaseUrl, chains, send })
}
