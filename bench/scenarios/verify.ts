import { type Contestant, prepare } from '../verifier/contestants.ts'
import { timeVerifications } from '../verifier/time.ts'
import type { Outcome, Pace, ScenarioResult } from './measure.ts'

const TOKENS = 500
/** Tokens a second that the slowest verifies about; only for how many are verified in a run. */
const ABOUT_PER_SECOND = 5_000

/**
 * Verifies access tokens in this process, by mintmark/verifier and by the libraries that it could be
 * replaced by; the caches are for tokens that come again.
 */
export async function measureVerify(pace: Pace): Promise<ScenarioResult> {
  const { contestants, tokens } = await prepare('ES256', TOKENS)
  const effort = {
    count: ABOUT_PER_SECOND * Math.min(pace.seconds, 2),
    inFlight: pace.connections,
  }
  const outcomes = contestants.map(
    ({ name }): Outcome => ({
      contestant: name,
      kind: name.startsWith('mintmark') ? 'ours' : 'peer',
      samples: [],
    }),
  )
  for (const contestant of contestants) await timeVerifications(contestant, tokens, effort)
  for (let round = 0; round < pace.rounds; round += 1) {
    for (const [index, contestant] of contestants.entries()) {
      outcomes[index]?.samples.push(await takeSample(contestant, tokens, effort))
    }
  }
  return { scenario: 'verify', connections: pace.connections, outcomes }
}

async function takeSample(
  contestant: Contestant,
  tokens: readonly string[],
  effort: { count: number; inFlight: number },
) {
  const before = process.cpuUsage()
  const microseconds = await timeVerifications(contestant, tokens, effort)
  const { user, system } = process.cpuUsage(before)
  return {
    requests: effort.count,
    perSecond: 1e6 / microseconds,
    p50: undefined,
    p99: undefined,
    cpu: { process: (user + system) / 1000 / effort.count, postgres: undefined, load: undefined },
    rssBytes: undefined,
    walBytesPerRequest: undefined,
  }
}
