import type { Test } from 'tap'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { query } from '../support/database.ts'
import { drill, rounds } from '../support/drills.ts'
import { headerOf, type KeyFleet, startKeyFleet, untilOneOfEach } from '../support/key-fleet.ts'
import { until } from '../support/process.ts'

const REPLICAS = 20
const ALGORITHMS: Algorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384']

/** Their keys take their turns as usually: none is replaced meanwhile. */
const AS_USUAL = {
  KEY_ROTATE_EVERY: '30d',
  KEY_PUBLISH_AHEAD: '24h',
  VERIFIER_CACHE_TTL: '1h',
  ACCESS_TOKEN_TTL: '10m',
  DATABASE_POOL_SIZE: '2',
}

drill(
  'replicas-from-nothing',
  '20 instances started at once on a database without a key, five algorithms',
  async (t) => {
    const seen = { keys: 0, tokens: 0, accepted: 0 }
    const times = rounds(3)
    for (let round = 0; round < times; round += 1) {
      await t.test(`round ${round}`, async (t) => {
        const fleet = await startKeyFleet(t, {
          replicas: Array(REPLICAS).fill({}),
          algorithms: ALGORITHMS,
          env: AS_USUAL,
        })
        await untilOneOfEach(fleet)
        const keys = await fleet.keys()
        t.equal(keys.length, ALGORITHMS.length * 2, 'no key is left over')
        seen.keys += keys.length
        await requireSameDocument(t, fleet, keys.length)
        await requireOnesTokensEverywhere(t, fleet, seen)
        await requireEachKeyOnce(t, fleet)
        t.equal(fleet.caller.unavailable, 0, 'nothing was answered by 503')
        const complaints = fleet.replicas.flatMap((one) => [one.stdout(), one.stderr()])
        t.equal(complaints.join(''), '', 'no instance has complained of anything')
      })
    }
    return {
      'times started': times,
      instances: REPLICAS * times,
      'keys made': seen.keys,
      'tokens signed': seen.tokens,
      'accepted by other instances': seen.accepted,
    }
  },
)

/** Each may have read the keys while others were still to be made: they read them again. */
async function requireSameDocument(t: Test, fleet: KeyFleet, count: number): Promise<void> {
  const documents = await until('the same JWKS from each', async () => {
    const bodies = await Promise.all(
      fleet.replicas.map(async ({ url }) => (await fetch(`${url}/.well-known/jwks.json`)).text()),
    )
    return new Set(bodies).size === 1 ? bodies : undefined
  })
  t.equal(JSON.parse(`${documents[0]}`).keys.length, count, 'with every key')
}

/** Each signs with each algorithm, and all others accept what it signed. */
async function requireOnesTokensEverywhere(
  t: Test,
  fleet: KeyFleet,
  seen: { tokens: number; accepted: number },
): Promise<void> {
  const kids = new Map<Algorithm, Set<string>>(ALGORITHMS.map((one) => [one, new Set()]))
  for (const replica of fleet.replicas) {
    for (const algorithm of ALGORITHMS) {
      const token = await fleet.issue(replica, algorithm)
      seen.tokens += 1
      kids.get(algorithm)?.add(headerOf(token).kid)
      const answers = await Promise.all(
        fleet.replicas.map(({ url }) => fleet.introspect(url, token)),
      )
      const accepted = answers.filter(({ body }) => body.active === true).length
      if (accepted < REPLICAS) t.fail(`${algorithm}: accepted by ${accepted} instances`)
      seen.accepted += accepted
    }
  }
  for (const [algorithm, own] of kids) t.equal(own.size, 1, `${algorithm}: all sign by one key`)
}

async function requireEachKeyOnce(t: Test, { databaseUrl }: KeyFleet): Promise<void> {
  const events = await query(databaseUrl, "select detail from events where type = 'key.created'")
  const kids = events.map(({ detail }) => (detail as { kid: string }).kid)
  t.equal(new Set(kids).size, kids.length, 'that a key was made is written down once')
  t.equal(kids.length, ALGORITHMS.length * 2)
}
