import type { Test } from 'tap'
import { REPLICA_LAG_SECONDS } from '../../src/config/key-timing.ts'
import type { Figures } from './drills-report.ts'
import { type JwksFront, startJwksFront } from './jwks-front.ts'
import { type KeyFleet, type KeyFleetOptions, PACE, startKeyFleet } from './key-fleet.ts'
import { type KeyWatch, watchKeys } from './key-watch.ts'
import { ISSUER, ORDERS } from './service.ts'
import { startTokenLoad, type TokenLoad } from './token-load.ts'
import { type Make, TIMED_MAKES } from './verifier-makes.ts'
import { startVerifiers, type Verifier } from './verifiers.ts'

/** Replicas whose keys take their turns under load, and verifiers that are shown every token. */
export interface VerifiedFleet {
  readonly fleet: KeyFleet
  readonly verifiers: readonly Verifier[]
  readonly watch: KeyWatch
  readonly load: TokenLoad
  /**
   * Stops the load, and requires that every verifier has accepted every token and that every answer
   * was a token or an honest 503. Returns what was counted.
   */
  finish(): Promise<Figures>
}

/** Starts all of it; ended with the test. */
export async function startVerifiedFleet(
  t: Test,
  options: KeyFleetOptions & {
    /** When instances may answer different keys. */
    isUnlike?: () => boolean
    /** Which of them need not answer. */
    isSilent?: (place: number) => boolean
    makes?: readonly Make[]
  },
): Promise<VerifiedFleet> {
  const fleet = await startKeyFleet(t, options)
  const watch = watchKeys(t, {
    instances: fleet.replicas,
    databaseUrl: fleet.databaseUrl,
    lagSeconds: REPLICA_LAG_SECONDS,
    isUnlike: options.isUnlike ?? (() => false),
    isSilent: options.isSilent ?? (() => false),
  })
  const front = await startJwksFront(t, fleet.replicas)
  const settings = {
    jwksUri: front.uri,
    issuer: ISSUER,
    audience: ORDERS,
    cacheSeconds: PACE.verifierCacheTtl,
  }
  const { verifiers, skipped } = await startVerifiers(t, settings, options.makes ?? TIMED_MAKES)
  const load = await startTokenLoad(t, { fleet, verifiers })
  return {
    fleet,
    verifiers,
    watch,
    load,
    async finish() {
      await load.stop()
      await watch.stop()
      t.strictSame(load.failures, [], 'every verifier accepts every token, at once and late')
      t.strictSame(load.wrong, [], 'every answer is a token or an honest 503')
      t.strictSame(watch.wrong, [], 'each instance answers its JWKS always, and all the same bytes')
      t.ok(watch.compared() > 0, 'they were compared')
      return figuresOf(load, front, watch, skipped)
    },
  }
}

function figuresOf(
  load: TokenLoad,
  front: JwksFront,
  watch: KeyWatch,
  skipped: readonly string[],
): Figures {
  const tallies = [...load.tallies]
  const byVerifier = tallies.map(([name, { verifications, failures, kids }]) => {
    const fetched = front.fetched.get(name)
    const oldest = ((fetched?.longestMs ?? 0) / 1000).toFixed(1)
    const words = [
      `${verifications.toLocaleString('en')} verified`,
      `${failures} failed`,
      `keys ${kids.size}`,
      `fetches ${fetched?.answers ?? 0}`,
      `most keys in one ${fetched?.mostKeys ?? 0}`,
      `longest between two ${oldest} s`,
    ]
    return [name, words.join(', ')] as const
  })
  return {
    'tokens issued': load.issued(),
    '503 or no answer': load.unavailable(),
    'verifications in all': tallies.reduce((sum, [, { verifications }]) => sum + verifications, 0),
    'failures in all': tallies.reduce((sum, [, { failures }]) => sum + failures, 0),
    ...Object.fromEntries(byVerifier),
    'answers that came after the token’s end': load.overtaken(),
    ...(skipped.length > 0 ? { skipped: skipped.join(', ') } : {}),
    'JWKS read': watch.reads(),
    'JWKS compared between instances': watch.compared(),
  }
}
