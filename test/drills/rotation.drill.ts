import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { REPLICA_LAG_SECONDS } from '../../src/config/key-timing.ts'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { query } from '../support/database.ts'
import { drill, rounds } from '../support/drills.ts'
import { startJwksFront } from '../support/jwks-front.ts'
import { type KeyFleet, PACE, requireOneOfEach, startKeyFleet } from '../support/key-fleet.ts'
import { type KeyWatch, watchKeys } from '../support/key-watch.ts'
import { ISSUER, ORDERS } from '../support/service.ts'
import { startTokenLoad, type TokenLoad } from '../support/token-load.ts'
import { inWords } from '../support/verification-figures.ts'
import { startVerifiers } from '../support/verifiers.ts'

const ALGORITHMS: Algorithm[] = ['ES256', 'RS256', 'EdDSA']

drill(
  'rotation',
  'keys of three algorithms replaced every 30 s for 10 minutes, three instances, verifiers that keep the JWKS for 10 s',
  async (t) => {
    const seconds = rounds(600)
    const fleet = await startKeyFleet(t, { count: 3, algorithms: ALGORITHMS })
    const { replicas, databaseUrl } = fleet
    const front = await startJwksFront(t, replicas)
    const { verifiers, skipped } = await startVerifiers(t, {
      jwksUri: front.uri,
      issuer: ISSUER,
      audience: ORDERS,
      cacheSeconds: PACE.verifierCacheTtl,
    })
    const watch = watchKeys(t, {
      instances: replicas,
      databaseUrl,
      lagSeconds: REPLICA_LAG_SECONDS,
    })
    const load = await startTokenLoad(t, { fleet, verifiers })
    await pause(seconds * 1000)
    await load.stop()
    await watch.stop()

    const total = [...load.tallies.values()].reduce((sum, one) => sum + one.verifications, 0)
    t.strictSame(load.failures, [], 'every verifier accepts every token, at once and near its end')
    t.strictSame(load.wrong, [], 'every request is answered by a token')
    t.equal(load.unavailable(), 0, 'at once')
    t.ok(total >= rounds(100_000), `${total} verifications`)
    t.strictSame(watch.wrong, [], 'the same bytes from each instance, and never an error')
    t.ok(watch.compared() > 0, 'they were compared')
    const rotations = requireTurns(t, load, seconds)
    const leads = requireLead(t, load, watch)
    return {
      seconds,
      'tokens issued': load.issued(),
      'verified, by all': total,
      ...inWords(load, front),
      ...(skipped.length > 0 ? { skipped: skipped.join(', ') } : {}),
      'changes of the signing key': rotations,
      's published before its first token, least (at one instance / at all)': leads,
      'JWKS read': watch.reads(),
      'JWKS compared': watch.compared(),
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
 * The first keys apart, which were there before any verifier: each was published long enough before
 * it signed. Returns the least, in seconds.
 */
function requireLead(t: Test, load: TokenLoad, watch: KeyWatch): string {
  const firsts = new Set(
    ALGORITHMS.map((algorithm) => {
      const own = [...load.signings].filter(([, { alg }]) => alg === algorithm)
      return own.toSorted(([, a], [, b]) => a.firstAt - b.firstAt)[0]?.[0]
    }),
  )
  const late = [...load.signings].filter(([kid]) => !firsts.has(kid))
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
  await requireOneOfEach(t, fleet)
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
