import type { Test } from 'tap'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { query } from './database.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { type RunningService, until } from './process.ts'
import type { TestClient } from './service.ts'

/** So fast do keys take their turns in drills. In seconds; VERIFIER_CACHE_TTL is what verifiers keep to. */
export const PACE = { rotateEvery: 30, publishAhead: 20, verifierCacheTtl: 10, accessTokenTtl: 30 }

const ENVIRONMENT = {
  KEY_ROTATE_EVERY: `${PACE.rotateEvery}s`,
  KEY_PUBLISH_AHEAD: `${PACE.publishAhead}s`,
  VERIFIER_CACHE_TTL: `${PACE.verifierCacheTtl}s`,
  ACCESS_TOKEN_TTL: `${PACE.accessTokenTtl}s`,
  LOG_LEVEL: 'warn',
}

/** Replicas whose keys take their turns, and clients that ask them for tokens. */
export interface KeyFleet extends Fleet {
  /** By their places: where one has ended, a drill puts another one. */
  readonly replicas: RunningService[]
  readonly algorithms: readonly Algorithm[]
  /**
   * Has an instance issue an access token that is signed so. Throws when it is refused, or the
   * instance does not answer.
   */
  issue(instance: { url: string }, algorithm: Algorithm): Promise<string>
  /** Starts another instance in the place of one that has ended. */
  replace(place: number): Promise<void>
  /** Every signing key, the oldest first. */
  keys(): Promise<Record<'kid' | 'alg' | 'state', string>[]>
}

/** An instance that would not issue a token, and what it said instead. */
export class NotIssued extends Error {
  override readonly name = 'NotIssued'
  readonly status: number

  constructor(status: number, body: unknown) {
    super(`no token: ${status} ${JSON.stringify(body)}`)
    this.status = status
  }
}

export interface KeyFleetOptions {
  readonly algorithms: readonly Algorithm[]
  /** The variables of each replica, beside those of all. */
  readonly replicas: readonly Record<string, string>[]
  readonly env?: Record<string, string>
  /** Another way to the database than the straight one. */
  readonly reach?: (databaseUrl: string) => Promise<string>
  /** By its place, another way for one of them. */
  readonly reachFrom?: Record<number, (databaseUrl: string) => Promise<string>>
}

/** Starts replicas, all at once, on a database that holds no signing key. */
export async function startKeyFleet(t: Test, options: KeyFleetOptions): Promise<KeyFleet> {
  const { algorithms } = options
  const env = {
    ...ENVIRONMENT,
    SIGNING_ALGORITHMS: algorithms.join(','),
    ...options.env,
  }
  const fleet = await startFleet(t, { count: 0, env })
  const reached = (await options.reach?.(fleet.databaseUrl)) ?? fleet.databaseUrl
  const clients = new Map<Algorithm, TestClient>()
  for (const signingAlg of algorithms) {
    const client = await fleet.addClient({
      authenticationMethod: 'client_secret_basic',
      grantTypes: ['client_credentials'],
      scope: ['orders:read'],
      signingAlg,
    })
    clients.set(signingAlg, client)
  }
  // Those of the template: nobody has ever fetched them.
  await query(fleet.databaseUrl, 'delete from signing_keys')
  const start = async (place: number) => {
    const url = new URL((await options.reachFrom?.[place]?.(reached)) ?? reached)
    // By its name there, what an instance asks can be told from what the others ask.
    url.searchParams.set('application_name', applicationName(place))
    return fleet.start({ ...options.replicas[place], DATABASE_URL: url.href })
  }
  const replicas = await Promise.all(options.replicas.map((_, place) => start(place)))
  return {
    ...fleet,
    algorithms,
    replicas,
    async replace(place) {
      replicas[place] = await start(place)
    },
    async issue(instance, algorithm) {
      const grant = { grant_type: 'client_credentials' }
      const basic = clients.get(algorithm)?.basic
      const { status, body } = await fleet.caller.post(`${instance.url}/token`, grant, basic)
      if (status !== 200) throw new NotIssued(status, body)
      return `${body.access_token}`
    },
    keys: async () =>
      (await query(
        fleet.databaseUrl,
        'select kid, alg, state from signing_keys order by created_at, kid',
      )) as Record<'kid' | 'alg' | 'state', string>[],
  }
}

/** Waits until each algorithm has one key that signs and one that is to follow it. */
export async function untilOneOfEach(fleet: KeyFleet): Promise<void> {
  await until('one active and one next key of each algorithm', async () => {
    const keys = await fleet.keys()
    return fleet.algorithms.every((algorithm) =>
      ['active', 'next'].every(
        (state) => keys.filter((key) => key.alg === algorithm && key.state === state).length === 1,
      ),
    )
  })
}

/** What the instance at a place calls itself to the database. */
export function applicationName(place: number): string {
  return `instance ${place}`
}

/** The header of a token, unverified. */
export function headerOf(token: string): { kid: string; alg: string } {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
}
