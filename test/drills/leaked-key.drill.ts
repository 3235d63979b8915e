import { setTimeout as pause } from 'node:timers/promises'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { commandProcess } from '../support/cli.ts'
import { drill } from '../support/drills.ts'
import { headerOf, PACE } from '../support/key-fleet.ts'
import { production } from '../support/process.ts'
import { startVerifiedFleet } from '../support/verified-fleet.ts'
import { STRICT_MAKES, TIMED_MAKES } from '../support/verifier-makes.ts'

const ALGORITHMS: Algorithm[] = ['ES256', 'RS256']

/** Their tokens outlive what is waited for, and no key is replaced but by the command. */
const AS_USUAL = { KEY_ROTATE_EVERY: '30d', KEY_PUBLISH_AHEAD: '1h', ACCESS_TOKEN_TTL: '90s' }

/** These go on using a key after its time unless they are told not to. */
const LENIENT = ['fast-jwt+get-jwks', 'go-oidc']

/** In milliseconds: so often each verifier is shown the token, and so much longer than announced. */
const PERIOD = 100
const LONGER = 20_000

drill(
  'leaked-key',
  'the key that signs revoked by the command, three instances, verifiers that keep the JWKS for 10 s: the seconds until each refuses what it has signed',
  async (t) => {
    const verified = await startVerifiedFleet(t, {
      replicas: [{}, {}, {}],
      algorithms: ALGORITHMS,
      env: AS_USUAL,
      makes: [...TIMED_MAKES, ...STRICT_MAKES],
    })
    const { fleet, load, verifiers } = verified
    // Until each has fetched what is to follow as well, and more than once.
    await pause(3 * PACE.verifierCacheTtl * 1000)
    const [replica] = fleet.replicas
    const token = await fleet.issue(replica as { url: string }, 'ES256')
    const { kid } = headerOf(token)
    const first = await Promise.all(verifiers.map(({ verify }) => verify(token)))
    t.strictSame(new Set(first), new Set([undefined]), 'everybody accepts it before')

    // What it announces is of the timing that it is told.
    const timing = { ...AS_USUAL, VERIFIER_CACHE_TTL: `${PACE.verifierCacheTtl}s` }
    const mintmark = commandProcess(production(fleet.databaseUrl, timing))
    load.bury(kid)
    const began = Date.now()
    const revoked = await mintmark(['--json', 'keys', 'revoke', kid, '--emergency'])
    t.equal(revoked.code, 0, revoked.stderr)
    const { refused } = revoked.json<{ refused: { everywhere_from: string } }>()
    const announced = (Date.parse(refused.everywhere_from) - began) / 1000
    t.ok(announced > 0, `announced: ${announced} s`)

    const refusedAfter = new Map<string, number>()
    const until = Date.now() + announced * 1000 + LONGER
    while (Date.now() < until && refusedAfter.size < verifiers.length) {
      await pause(PERIOD)
      await Promise.all(
        verifiers.map(async ({ name, verify }) => {
          if (refusedAfter.has(name) || (await verify(token)) === undefined) return
          refusedAfter.set(name, (Date.now() - began) / 1000)
        }),
      )
    }
    for (const { name } of verifiers) {
      const seconds = refusedAfter.get(name) ?? Number.POSITIVE_INFINITY
      if (!LENIENT.includes(name)) t.ok(seconds <= announced, `${name} refuses after ${seconds} s`)
    }
    const still = await Promise.all(
      fleet.replicas.map(async (one) => headerOf(await fleet.issue(one, 'ES256')).kid),
    )
    t.notOk(still.includes(kid), 'nobody signs by it any more')
    const figures = await verified.finish()
    return {
      'announced, s': announced.toFixed(1),
      ...Object.fromEntries(
        verifiers.map(({ name }) => {
          const seconds = refusedAfter.get(name)?.toFixed(1)
          const words = seconds ?? `not within ${(announced + LONGER / 1000).toFixed(0)}`
          return [`s until ${name} refused it`, words]
        }),
      ),
      ...figures,
    }
  },
)
