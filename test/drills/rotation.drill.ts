import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { REPLICA_LAG_SECONDS } from '../../src/config/key-timing.ts'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { query } from '../support/database.ts'
import { drill, rounds } from '../support/drills.ts'
import { type KeyFleet, PACE, untilOneOfEach } from '../support/key-fleet.ts'
import type { KeyWatch } from '../support/key-watch.ts'
import type { TokenLoad } from '../support/token-load.ts'
import { startVerifiedFleet } from '../support/verified-fleet.ts'

const ALGORITHMS: Algorithm[] = ['ES256', 'RS256', 'EdDSA']

drill(
  'rotation',
  'keys of three algorithms replaced every 30 s for 10 minutes, three instances, verifiers that keep the JWKS for 10 s',
  async (t) => {
    const seconds = rounds(600)
    const verified = await startVerifiedFleet(t, {
      replicas: [{}, {}, {}],
      algorithms: ALGORITHMS,
    })
    const { fleet, load, watch } = verified
    await pause(seconds * 1000)
    const figures = await verified.finish()
    const total = Number(figures['verifications in all'])
    t.ok(total >= rounds(100_000), `${total} verifications`)
    t.equal(load.unavailable(), 0, 'every request is answered by a token, at once')
    const rotations = requireTurns(t, load, seconds)
    const leads = requireLead(t, load, watch)
    return {
      seconds,
      ...figures,
      'changes of the signing key': rotations,
      's published before its first token, least (at one instance / at all)': leads,
      ...(await requireOrder(t, fleet, watch)),
    }
  },
)

/** Returns how often the signing key of each algorithm was seen to change. */
function requireTurns(t: Test, load: TokenLoad, seconds: number): string {
  const expected = Math.floor(seconds / PACE.rotateEvery) - 2
  const turns = ALGORITHMS.map((algorithm) => {
    const own = [...load.signings.values()].filter(({ alg }) => alg === algorithm)
    t.ok(own.length - 1 >= expected, `${algorithm}: ${own.length} keys in their turns`)
    return `${algorithm} ${own.length - 1}`
  })
  return turns.join(', ')
}

/**
 * Each key was published long enough before it signed, the first ones apart, which were there before
 * any verifier. Returns the least, in seconds.
 */
function requireLead(t: Test, load: TokenLoad, watch: KeyWatch): string {
  const late = [...load.signings].filter(([kid]) => !watch.first.has(kid))
  const leads = late.map(([kid, { firstAt }]) => {
    const instants = [...(watch.seen.get(kid)?.publishedAt.values() ?? [])]
    if (instants.length < 3) t.fail(`${kid} was not published by every instance`)
    const [somewhere, everywhere] = [Math.min(...instants), Math.max(...instants)]
    return { somewhere: (firstAt - somewhere) / 1000, everywhere: (firstAt - everywhere) / 1000 }
  })
  const somewhere = Math.min(...leads.map((lead) => lead.somewhere))
  const everywhere = Math.min(...leads.map((lead) => lead.everywhere))
  t.ok(
    somewhere >= PACE.verifierCacheTtl + REPLICA_LAG_SECONDS,
    `first published ${somewhere} s ahead`,
  )
  t.ok(everywhere >= PACE.verifierCacheTtl, `published by all ${everywhere} s ahead`)
  return `${somewhere.toFixed(1)} / ${everywhere.toFixed(1)}`
}

/** The rows in the end: one active and one next key each, and the old ones gone with their secrets. */
async function requireOrder(t: Test, fleet: KeyFleet, watch: KeyWatch) {
  await untilOneOfEach(fleet)
  const keys = await fleet.keys()
  const withdrawn = await query(
    fleet.databaseUrl,
    "select kid, private_key_sealed, withdrawn_at from signing_keys where state = 'retired'",
  )
  const kept = withdrawn.filter(({ private_key_sealed }) => private_key_sealed !== null)
  t.strictSame(kept, [], 'the private half of a retired key is erased')
  const stale = withdrawn.filter(({ kid, withdrawn_at }) => {
    const seenAt = watch.seen.get(`${kid}`)?.lastSeenAt ?? 0
    return seenAt > (withdrawn_at as Date).getTime() + REPLICA_LAG_SECONDS * 1000
  })
  t.strictSame(stale, [], 'a retired key has left the JWKS')
  return { 'keys made': keys.length, retired: withdrawn.length }
}
