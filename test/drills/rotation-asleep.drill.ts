import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Test } from 'tap'
import { REPLICA_LAG_SECONDS, retentionSeconds } from '../../src/config/key-timing.ts'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { query } from '../support/database.ts'
import { drill } from '../support/drills.ts'
import { putFarAway } from '../support/far-database.ts'
import {
  applicationName,
  headerOf,
  type KeyFleet,
  PACE,
  untilOneOfEach,
} from '../support/key-fleet.ts'
import { until } from '../support/process.ts'
import { startVerifiedFleet, type VerifiedFleet } from '../support/verified-fleet.ts'

const ALGORITHMS: Algorithm[] = ['ES256']

/** In milliseconds: what it has asked its database is answered so much later, and twice that in all. */
const FAR = 150

/** By their places. */
const [AWAKE, IDLE, READING] = [0, 1, 2] as const
const ASLEEP: readonly number[] = [IDLE, READING]

/** In seconds: longer than a key signs, and longer than it is published afterwards. */
const CHANGE = PACE.rotateEvery + 10
const RETENTION =
  PACE.rotateEvery +
  10 +
  retentionSeconds(
    {
      keyRotateEverySeconds: PACE.rotateEvery,
      keyPublishAheadSeconds: PACE.publishAhead,
      verifierCacheTtlSeconds: PACE.verifierCacheTtl,
    },
    PACE.accessTokenTtl,
  )

/** So many tokens each sleeper is asked for at once when it wakes. */
const TOKENS = 10

drill(
  'rotation-asleep',
  'two of three instances stopped (SIGSTOP) for longer than a change, then for longer than a key is published, one of them with its keys half read; asked for tokens the moment they go on',
  async (t) => {
    let asleep: readonly number[] = []
    const verified = await startVerifiedFleet(t, {
      replicas: [{}, {}, {}],
      algorithms: ALGORITHMS,
      reachFrom: { [READING]: (databaseUrl) => putFarAway(t, databaseUrl, FAR) },
      isUnlike: () => asleep.length > 0,
      isSilent: (place) => asleep.includes(place),
    })
    const { fleet } = verified
    const asked: string[] = []
    for (const seconds of [CHANGE, RETENTION]) {
      await pause(PACE.rotateEvery * 1000)
      await untilReading(t, fleet)
      fleet.replicas[READING]?.signal('SIGSTOP')
      fleet.replicas[IDLE]?.signal('SIGSTOP')
      asleep = ASLEEP
      // It is to find this before the answer that comes to it meanwhile.
      const waiting = ASLEEP.flatMap((place) => askFor(fleet, place))
      await pause(seconds * 1000)
      const woken = ASLEEP.map((place) => fleet.replicas[place])
      for (const replica of woken) replica?.signal('SIGCONT')
      const atOnce = ASLEEP.flatMap((place) => askFor(fleet, place))
      const tokens = (await Promise.all([...waiting, ...atOnce])).flatMap((token) => token ?? [])
      asked.push(...tokens)
      await requireRightKey(t, verified, tokens)
      await pause(REPLICA_LAG_SECONDS * 1000)
      asleep = []
    }
    t.ok(asked.length > 0, 'those that went on have issued tokens')
    await untilOneOfEach(fleet)
    return {
      's asleep': [CHANGE, RETENTION].join(', '),
      'tokens of those that went on': asked.length,
      ...(await verified.finish()),
    }
  },
)

/** Asks for tokens; whoever has just lost its database may say 503. */
function askFor(fleet: KeyFleet, place: number): Promise<string | undefined>[] {
  const replica = fleet.replicas[place] as { url: string }
  return Array.from({ length: TOKENS }, () =>
    fleet.issue(replica, ALGORITHMS[0] as Algorithm).catch(() => undefined),
  )
}

/** Waits until the answer to its second look at the keys is on its way: the one to sign by. */
async function untilReading(t: Test, fleet: KeyFleet): Promise<void> {
  const client = new pg.Client({ connectionString: fleet.databaseUrl })
  await client.connect()
  t.teardown(() => client.end())
  const lastAsked = async () => {
    const { rows } = await client.query(
      `select query, query_start::text as at from pg_stat_activity
        where application_name = $1 and query ilike '%signing%' order by query_start desc limit 1`,
      [applicationName(READING)],
    )
    return rows[0] as { query: string; at: string } | undefined
  }
  await until('its look at who uses what', async () =>
    (await lastAsked())?.query.includes('array_agg'),
  )
  const seen = new Set<string>()
  await until('its second look at the keys', async () => {
    const last = await lastAsked()
    if (last?.query.includes('from "signing_keys"')) seen.add(last.at)
    return seen.size === 2
  })
}

/** What a sleeper has signed is signed by the key that signs now, and every verifier accepts it. */
async function requireRightKey(
  t: Test,
  { fleet, verifiers }: VerifiedFleet,
  tokens: readonly string[],
): Promise<void> {
  const answer = await fetch(`${fleet.replicas[AWAKE]?.url}/.well-known/jwks.json`)
  const { keys } = (await answer.json()) as { keys: { kid: string }[] }
  const published = new Set(keys.map(({ kid }) => kid))
  const rows = await query(
    fleet.databaseUrl,
    "select kid from signing_keys where state = 'active' or (state = 'next' and signs_from < $1)",
    [new Date()],
  )
  const signing = new Set(rows.map(({ kid }) => kid))
  const kids = tokens.map((token) => headerOf(token).kid)
  const unpublished = kids.filter((kid) => !published.has(kid)).length
  const wrong = kids.filter((kid) => !signing.has(kid)).length
  t.equal(unpublished, 0, 'each is signed by a key that is published')
  t.equal(wrong, 0, 'and by the one that signs')
  const refused = await Promise.all(
    verifiers.flatMap(({ verify }) => tokens.map((token) => verify(token))),
  )
  t.strictSame([...new Set(refused)].slice(0, 5), [undefined], 'and every verifier accepts it')
}
