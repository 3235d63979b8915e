import t from 'tap'
import { NoSigningKey } from '../../src/keys/key-ring.ts'
import { CannotUnseal } from '../../src/keys/seal.ts'
import { listSigningKeys } from '../../src/keys/store.ts'
import { createStoppedClock } from '../support/clock.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { createTestKeys, type TestKeys, TIMING } from '../support/keys.ts'
import { createSeededRandom } from '../support/random.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'
import { atOnce, connect } from './fixtures/sessions.ts'

const DAY = 86_400
const claims = { iat: 1, exp: 2, sub: 'a' }

const published = (one: TestKeys): { kid: string; alg: string }[] =>
  JSON.parse(one.keyRing.jwks()?.body ?? '').keys

const kids = (one: TestKeys) => published(one).map(({ kid }) => kid)

/** The kid of the key that signs at a replica now. */
async function signs(one: TestKeys, algorithm = 'ES256' as const): Promise<string> {
  const sign = await one.keyRing.signer([algorithm], 'at+jwt')
  return JSON.parse(Buffer.from(sign(claims).split('.')[0] ?? '', 'base64url').toString()).kid
}

/** A database without keys, a clock, and replicas on both that sign by ES256 alone. */
async function createReplicas(t: Parameters<typeof connect>[0]) {
  const url = await createTestDatabase(t)
  await query(url, 'delete from signing_keys')
  const database = connect(t, url)
  const clock = createStoppedClock()
  const replica = (options: Partial<Parameters<typeof createTestKeys>[0]> = {}) =>
    createTestKeys({ database, clock, signingAlgorithms: ['ES256'], ...options })
  const states = () => query(url, 'select kid, state from signing_keys order by signs_from, kid')
  return { url, database, clock, replica, states }
}

t.test(
  'twenty replicas that start at once on an empty table agree on one set of keys',
  async (t) => {
    const { url, replica } = await createReplicas(t)
    const replicas = await atOnce(20, async (n) => {
      const one = replica({ seed: `replica ${n}`, signingAlgorithms: ['ES256', 'EdDSA'] })
      t.strictSame([one.keyRing.loaded, one.keyRing.jwks()], [false, undefined])
      await one.keep()
      return one
    })
    const rows = await query(url, 'select alg, state, kid from signing_keys order by alg, state')
    t.match(rows, [
      { alg: 'ES256', state: 'active' },
      { alg: 'ES256', state: 'next' },
      { alg: 'EdDSA', state: 'active' },
      { alg: 'EdDSA', state: 'next' },
    ])
    t.equal(rows.length, 4)
    for (const one of replicas) await one.keyRing.load()
    t.equal(new Set(replicas.map((one) => one.keyRing.jwks()?.body)).size, 1, 'the same bytes')
    t.equal(new Set(replicas.map((one) => one.keyRing.jwks()?.etag)).size, 1)
    const told = await query(url, "select detail from events where type = 'key.created'")
    t.strictSame(
      told.map(({ detail }) => (detail as { kid: string }).kid).sort(),
      rows.map(({ kid }) => kid).sort(),
      'each is written down by the one that made it',
    )
    const [first, ...others] = replicas as [TestKeys, ...TestKeys[]]
    t.strictSame(kids(first).sort(), rows.map(({ kid }) => kid).sort())
    for (const key of published(first)) {
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) t.notOk(secret in key, secret)
    }
    for (const alg of ['ES256', 'EdDSA'] as const) {
      const token = (await first.keyRing.signer([alg], 'at+jwt'))(claims)
      const kid = await signs(first, alg as 'ES256')
      const verified = others.filter(
        (one) => one.keyRing.find(kid)?.verifySignature(token)?.sub === 'a',
      )
      t.equal(verified.length, 19, `${alg}: what one signs, every other verifies`)
    }
  },
)

t.test('a key is published, signs, is kept for what it signed, and goes', async (t) => {
  const { url, clock, replica, states } = await createReplicas(t)
  const one = replica()
  await one.keep()
  const [first, second] = (await states()).map(({ kid }) => String(kid)) as [string, string]
  t.match(await states(), [
    { kid: first, state: 'active' },
    { kid: second, state: 'next' },
  ])
  t.equal(await signs(one), first)
  t.strictSame(kids(one).sort(), [first, second].sort(), 'known long before it signs')
  const start = clock.now()
  t.equal(one.keyRing.jwks()?.changesAt, start + 30 * DAY * 1000)

  clock.advance(9)
  await one.keep()
  t.match(await query(url, 'select published_at from signing_keys where kid = $1', [second]), [
    { published_at: null },
  ])
  clock.advance(1)
  await one.keep()
  const [row2] = await query(url, 'select published_at from signing_keys where kid = $1', [second])
  t.strictSame(row2?.published_at, new Date(clock.now()), 'every replica has read of it')
  clock.advance(30 * DAY - 11)
  await one.keep()
  t.equal(await signs(one), first)
  const token = (await one.keyRing.signer(['ES256'], 'at+jwt'))(claims)
  clock.advance(1)
  t.equal(await signs(one), second, 'by the clock, before any row says so')
  await one.keep()
  const third = String((await states())[2]?.kid)
  t.match(await states(), [
    { kid: first, state: 'retiring' },
    { kid: second, state: 'active' },
    { kid: third, state: 'next' },
  ])
  t.strictSame(kids(one).sort(), [first, second, third].sort())
  t.ok(one.keyRing.find(first)?.verifySignature(token), 'what it signed is still good')

  // 10 s for a slow replica, 600 s of a token, 60 s of skew, 300 s of caches.
  const retention = 10 + 600 + 60 + 300
  t.equal(one.keyRing.jwks()?.changesAt, clock.now() + retention * 1000)
  clock.advance(retention - 1)
  await one.keep()
  t.ok(kids(one).includes(first))
  clock.advance(1)
  await one.keep()
  t.notOk(kids(one).includes(first))
  t.equal(one.keyRing.find(first), undefined)
  const [row] = await query(url, 'select * from signing_keys where kid = $1', [first])
  t.match(row, { state: 'retired', private_key_sealed: null, master_key_id: null })
  t.strictSame(row?.withdrawn_at, new Date(clock.now()))
  const events = await query(
    url,
    "select type, detail ->> 'kid' as kid from events where type <> 'key.created' order by at, id",
  )
  t.strictSame(events, [
    { type: 'key.published', kid: second },
    { type: 'key.activated', kid: second },
    { type: 'key.retiring', kid: first },
    { type: 'key.published', kid: third },
    { type: 'key.retired', kid: first },
  ])
})

t.test('replicas that look at the same moment take each step once', async (t) => {
  const { url, clock, replica, states } = await createReplicas(t)
  const replicas = Array.from({ length: 10 }, (_, n) => replica({ seed: `${n}` }))
  for (const one of replicas) await one.keep()
  for (let turn = 1; turn <= 5; turn += 1) {
    clock.advance(10)
    await atOnce(10, async (n) => replicas[n]?.keep())
    clock.advance(30 * DAY)
    await atOnce(10, async (n) => replicas[n]?.keep())
    for (const one of replicas) await one.keyRing.load()
    const rows = await states()
    const count = (state: string) => rows.filter((row) => row.state === state).length
    t.strictSame([count('next'), count('active'), rows.length], [1, 1, turn + 2])
    t.equal(new Set(replicas.map((one) => one.keyRing.jwks()?.body)).size, 1)
  }
  const [row] = await query(url, "select count(*) from events where type = 'key.activated'")
  t.equal(Number(row?.count), 5)
})

t.test(
  'a replica that slept through changes reads the keys before it signs or publishes',
  async (t) => {
    const { clock, replica } = await createReplicas(t)
    const awake = replica()
    const asleep = replica({ seed: 'asleep' })
    await awake.keep()
    await asleep.keep()
    for (let turn = 0; turn < 3; turn += 1) {
      clock.advance(30 * DAY)
      await awake.keep()
    }
    const before = asleep.keyRing.jwks()?.body
    const fetches = await atOnce(3, async () => {
      await asleep.keyRing.freshen()
      return asleep.keyRing.jwks()?.body
    })
    t.notOk(fetches.includes(before), 'and before it publishes, to whoever asks')
    t.equal(await signs(asleep), await signs(awake))
    t.equal(asleep.keyRing.jwks()?.body, awake.keyRing.jwks()?.body)
  },
)

t.test(
  'the database away for whole turns: nobody waits, and no verifier is surprised',
  async (t) => {
    const { clock, replica, states } = await createReplicas(t)
    const one = replica()
    await one.keep()
    clock.advance(10)
    await one.keep()
    clock.advance(100 * DAY)
    await one.keep()
    const rows = await states()
    t.strictSame(
      rows.map(({ state }) => state),
      ['retiring', 'active', 'next'],
      'what was published all the time signs',
    )
    t.equal(await signs(one), rows[1]?.kid)
    clock.advance(30 * DAY - 1)
    t.equal(await signs(one), rows[1]?.kid, 'for its whole time')
  },
)

t.test('a key made as the database went away signs when every verifier can know it', async (t) => {
  const { clock, replica, states } = await createReplicas(t)
  const one = replica()
  await one.keep()
  const [first, second] = (await states()).map(({ kid }) => String(kid)) as [string, string]
  // Nobody may have read of it before; those who come back publish it from now on.
  clock.advance(40 * DAY)
  await one.keep()
  t.equal(await signs(one), first)
  clock.advance(TIMING.verifierCacheTtlSeconds + 9)
  await one.keep()
  t.equal(await signs(one), first)
  clock.advance(1)
  t.equal(await signs(one), second)
})

t.test('a key that comes late is published ahead all the same', async (t) => {
  const { url, clock, replica, states } = await createReplicas(t)
  const one = replica()
  await one.keep()
  await query(url, "delete from signing_keys where state = 'next'")
  clock.advance(31 * DAY)
  await one.keep()
  const [active, next] = (await states()).map(({ kid }) => String(kid)) as [string, string]
  t.equal(await signs(one), active, 'an old key is better than one that nobody knows')
  clock.advance(10)
  await one.keep()
  clock.advance(DAY - 11)
  t.equal(await signs(one), active)
  clock.advance(1)
  t.equal(await signs(one), next)
})

t.test('an algorithm that comes into use signs when verifiers can know its key', async (t) => {
  const { url, clock, replica } = await createReplicas(t)
  const one = replica()
  await one.keep()
  await query(
    url,
    "insert into audiences (audience, signing_alg, created_at) values ('urn:x', 'EdDSA', now())",
  )
  await one.keep()
  const wanted = async () => {
    const sign = await one.keyRing.signer(['EdDSA', 'ES256'], 'at+jwt')
    return JSON.parse(Buffer.from(sign(claims).split('.')[0] ?? '', 'base64url').toString()).alg
  }
  t.ok(
    published(one).some(({ alg }) => alg === 'EdDSA'),
    'published at once',
  )
  t.equal(await wanted(), 'ES256')
  clock.advance(10)
  await one.keep()
  clock.advance(TIMING.verifierCacheTtlSeconds + 9)
  t.equal(await wanted(), 'ES256')
  clock.advance(1)
  t.equal(await wanted(), 'EdDSA')

  await query(url, "delete from audiences where audience = 'urn:x'")
  const states = async () =>
    (await query(url, "select state from signing_keys where alg = 'EdDSA' order by signs_from"))
      .map(({ state }) => state)
      .join()
  await one.keep()
  t.equal(await states(), 'active', 'nobody names it any more: it gets no successor')
  clock.advance(30 * DAY)
  await one.keep()
  t.equal(await states(), 'retiring')
  clock.advance(DAY)
  await one.keep()
  t.equal(await states(), 'retired')
})

t.test('an algorithm whose only key was revoked gets another at once', async (t) => {
  const { url, replica } = await createReplicas(t)
  const one = replica()
  await one.keep()
  await query(url, "update signing_keys set state = 'revoked'")
  await one.keep()
  const revoked = await query(url, "select kid from signing_keys where state = 'revoked'")
  t.notOk(revoked.some(({ kid }) => kids(one).includes(String(kid))))
  t.ok(kids(one).includes(await signs(one)))
})

t.test('a key is kept for the longest life of a token that it may have signed', async (t) => {
  const { url, clock, replica } = await createReplicas(t)
  const one = replica()
  await one.keep()
  await query(
    url,
    `insert into clients (client_id, name, token_endpoint_auth_method, grant_types, scope, audience,
      introspects, roles, claims, access_token_ttl_seconds, created_at)
      values ('slow', '', 'none', '{}', '{}', '{urn:x}', '{}', '{}', '{}', 7200, now())`,
  )
  const first = await signs(one)
  clock.advance(10)
  await one.keep()
  await query(url, "update clients set access_token_ttl_seconds = 60 where client_id = 'slow'")
  clock.advance(30 * DAY - 10)
  await one.keep()
  const retention = 10 + 7200 + 60 + 300
  clock.advance(retention - 1)
  await one.keep()
  t.ok(kids(one).includes(first), 'a token of two hours may be about')
  clock.advance(1)
  await one.keep()
  t.notOk(kids(one).includes(first))
})

t.test('a replica without the master key says so and changes nothing', async (t) => {
  const url = await createTestDatabase(t)
  const database = connect(t, url)
  const before = await query(url, 'select * from signing_keys order by kid')
  const other = createSeededRandom('another key').bytes(32)
  const wrong = createTestKeys({ database, masterKeys: [{ id: TEST_MASTER_KEY.id, key: other }] })
  await t.rejects(wrong.keyRing.load(), CannotUnseal)
  await t.rejects(wrong.keyRing.load(), { message: /^master key 1 does not open signing key/ })
  const missing = createTestKeys({ database, masterKeys: [{ id: 2, key: other }] })
  await t.rejects(missing.keyRing.load(), { message: /MASTER_KEYS holds no key with id 1,/ })
  t.notOk(wrong.keyRing.loaded || missing.keyRing.loaded)
  await t.rejects(wrong.keyRing.signer(['ES256'], 'at+jwt'), CannotUnseal)
  t.strictSame(await query(url, 'select * from signing_keys order by kid'), before)
  const both = createTestKeys({ database, masterKeys: [{ id: 2, key: other }, TEST_MASTER_KEY] })
  await t.resolves(both.keyRing.load(), 'a list that still holds the old key opens it')
})

const SWAPPED = `update signing_keys set private_key_sealed =
  (select private_key_sealed from signing_keys where state = 'active') where state = 'next'`
const FLIPPED = `update signing_keys set private_key_sealed =
  set_byte(private_key_sealed, 40, get_byte(private_key_sealed, 40) # 1) where state = 'next'`
const RELABELLED = "update signing_keys set alg = 'ES384' where state = 'next'"
const OTHER_ID = "update signing_keys set master_key_id = 9 where state = 'next'"
/** The row of the active key once more, under a kid and with a public half that are another's. */
const FORGED = `insert into signing_keys (kid, alg, state, public_jwk, private_key_sealed,
    master_key_id, created_at)
  select 'forged', alg, 'retiring', jsonb_set(public_jwk, '{kid}', '"forged"'), private_key_sealed,
    master_key_id, created_at from signing_keys where state = 'active'`

for (const [what, change] of Object.entries({ SWAPPED, FLIPPED, RELABELLED, OTHER_ID, FORGED })) {
  t.test(`a row that was tampered with is refused and reported: ${what}`, async (t) => {
    const { url, replica, states } = await createReplicas(t)
    const running = replica()
    await running.keep()
    const before = running.keyRing.jwks()?.body
    const [, next] = (await states()).map(({ kid }) => String(kid))
    await query(url, change)
    await running.keyRing.load()
    t.equal(running.keyRing.jwks()?.body, before, 'what was opened once is still good')
    const kid = what === 'FORGED' ? 'forged' : next
    t.match(running.faults, [{ kid, problem: String }])
    await running.keyRing.load()
    t.equal(running.faults.length, 1, 'it is told once')
    t.equal(running.keyRing.faults.length, 1)
    await t.rejects(replica().keyRing.load(), CannotUnseal, 'nobody starts with it')
  })
}

t.test('the public half in a row is not believed: what is published was sealed', async (t) => {
  const { url, replica } = await createReplicas(t)
  const honest = replica()
  await honest.keep()
  await query(
    url,
    `update signing_keys set public_jwk = jsonb_set(public_jwk, '{x}', '"${'A'.repeat(43)}"')`,
  )
  const one = replica()
  await one.keyRing.load()
  t.equal(one.keyRing.jwks()?.body, honest.keyRing.jwks()?.body)
})

t.test('a row of a version to come stops a start and not a replica that runs', async (t) => {
  const { url, database, replica } = await createReplicas(t)
  const running = replica()
  await running.keep()
  await query(url, "update signing_keys set alg = 'ML-DSA-44', kid = 'odd' where state = 'next'")
  await running.keep()
  t.match(running.faults, [{ kid: 'odd', isGrave: false }])
  await t.rejects(replica().keyRing.load(), { message: /^signing key odd / })
  await t.rejects(listSigningKeys(database.kysely), { message: /^signing key odd / })
})

t.test('a key of no use any more signs until what is used instead can', async (t) => {
  const { clock, replica, states } = await createReplicas(t)
  const before = replica()
  await before.keep()
  clock.advance(10)
  await before.keep()
  // All were away for several turns, and come back with another algorithm.
  clock.advance(90 * DAY)
  const after = replica({ signingAlgorithms: ['EdDSA'] })
  const signing = async () => {
    const sign = await after.keyRing.signer(['EdDSA', 'ES256'], 'at+jwt')
    return JSON.parse(Buffer.from(sign(claims).split('.')[0] ?? '', 'base64url').toString()).alg
  }
  const looks = async (seconds: number) => {
    clock.advance(seconds)
    await after.keep()
  }
  await after.keep()
  t.equal(await signing(), 'ES256')
  await looks(10)
  await looks(TIMING.verifierCacheTtlSeconds + 9)
  t.equal(await signing(), 'ES256')
  await looks(1)
  t.equal(await signing(), 'EdDSA')
  await looks(31 * DAY)
  t.ok((await states()).some(({ state }) => state === 'retiring'))
})

t.test('a key that does not open here takes nobody’s place', async (t) => {
  const { url, clock, replica, states } = await createReplicas(t)
  const one = replica()
  await one.keep()
  const [first] = (await states()).map(({ kid }) => String(kid))
  clock.advance(10)
  await one.keep()
  await query(url, FLIPPED)
  const other = replica({ seed: 'with the same keys in memory' })
  await t.rejects(other.keyRing.load(), CannotUnseal)
  clock.advance(31 * DAY)
  await one.keep()
  t.match(await states(), [{ kid: first, state: 'active' }, { state: 'next' }])
  t.match(one.keyRing.faults, [{ isGrave: false }], 'it was opened here before')
})

t.test('who lacks the key that others sign by answers nobody with another algorithm', async (t) => {
  const { url, database, clock, replica } = await createReplicas(t)
  const both: ('ES256' | 'EdDSA')[] = ['ES256', 'EdDSA']
  const one = replica({ signingAlgorithms: both })
  await one.keep()
  const key = createSeededRandom('a newer master key').bytes(32)
  const newer = createTestKeys({
    database,
    clock,
    signingAlgorithms: both,
    masterKeys: [{ id: 2, key }, TEST_MASTER_KEY],
  })
  await query(url, "delete from signing_keys where state = 'next'")
  await newer.keep()
  for (const seconds of [10, 31 * DAY, 10]) {
    clock.advance(seconds)
    await newer.keep()
  }
  clock.advance(DAY)
  await newer.keep()
  await one.keep()
  t.match(one.faults, [{ isGrave: true, problem: /id 2/ }, { isGrave: true }])
  await t.rejects(one.keyRing.signer(['ES256', 'EdDSA'], 'at+jwt'), NoSigningKey)
})

t.test('a row without instants is left out, and what was opened before stays', async (t) => {
  const { url, replica } = await createReplicas(t)
  const one = replica()
  await one.keep()
  const before = one.keyRing.jwks()?.body
  await query(url, "update signing_keys set created_at = 'infinity' where state = 'active'")
  await one.keyRing.load()
  t.equal(one.keyRing.jwks()?.body, before)
  t.match(one.faults, [{ isGrave: false }])
  t.ok(await one.keyRing.signer(['ES256'], 'at+jwt'))
  await t.rejects(replica().keyRing.load(), { name: 'ImpossibleKey' })
})
