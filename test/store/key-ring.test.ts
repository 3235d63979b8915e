import t from 'tap'
import { createRecordEvents, createToEventRow } from '../../src/audit/store.ts'
import type { MasterKey } from '../../src/config/master-keys.ts'
import { createKeyRing } from '../../src/keys/key-ring.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { CannotUnseal } from '../../src/keys/seal.ts'
import { listSigningKeys } from '../../src/keys/store.ts'
import { createStoppedClock } from '../support/clock.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { createSeededRandom } from '../support/random.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'
import { atOnce, connect } from './fixtures/sessions.ts'

const ring = (database: ReturnType<typeof connect>, list: MasterKey[], seed = 'seed') => {
  const clock = createStoppedClock()
  const random = createSeededRandom(seed)
  const recordEvents = createRecordEvents(createToEventRow({ clock, random }))
  return createKeyRing({
    database,
    masterKeys: createMasterKeys(list),
    clock,
    random,
    recordEvents,
  })
}

t.test('ten replicas that start at once on an empty table agree on one key of each', async (t) => {
  const url = await createTestDatabase(t)
  await query(url, 'delete from signing_keys')
  const database = connect(t, url)
  const rings = await atOnce(10, async (n) => {
    const one = ring(database, [TEST_MASTER_KEY], `replica ${n}`)
    t.strictSame([one.loaded, one.jwks()], [false, undefined])
    await one.load()
    return one
  })
  const rows = await query(url, 'select alg, state, kid from signing_keys order by alg')
  t.match(rows, [
    { alg: 'ES256', state: 'active' },
    { alg: 'RS256', state: 'active' },
  ])
  t.equal(rows.length, 2)
  const documents = new Set(rings.map((one) => one.jwks()?.body))
  t.equal(documents.size, 1, 'all publish the same bytes')
  t.equal(new Set(rings.map((one) => one.jwks()?.etag)).size, 1)
  const told = await query(url, 'select type, detail from events')
  t.strictSame(
    told.map(({ detail }) => (detail as { kid: string }).kid).sort(),
    rows.map(({ kid }) => kid).sort(),
    'each is written down by the one that made it',
  )
  const { keys } = JSON.parse([...documents][0] as string)
  t.strictSame(
    keys.map((key: { kid: string }) => key.kid).sort(),
    rows.map(({ kid }) => kid).sort(),
  )
  for (const key of keys) {
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) t.notOk(secret in key, secret)
  }
  for (const [alg, kid] of rows.map((row) => [row.alg, row.kid as string] as const)) {
    const [signer, ...others] = rings
    const token = signer?.signer(alg as 'ES256')({ iat: 1, exp: 2, sub: 'a' }) as string
    const verified = others.filter((one) => one.find(kid)?.verifySignature(token)?.sub === 'a')
    t.equal(verified.length, 9, `${alg}: what one signs, every other verifies`)
  }
})

t.test('a replica without the master key says so and changes nothing', async (t) => {
  const url = await createTestDatabase(t)
  const database = connect(t, url)
  const before = await query(url, 'select * from signing_keys order by kid')
  const other = createSeededRandom('another key').bytes(32)
  const wrong = ring(database, [{ id: TEST_MASTER_KEY.id, key: other }])
  await t.rejects(wrong.load(), CannotUnseal)
  await t.rejects(wrong.load(), { message: /^master key 1 does not open signing key/ })
  const missing = ring(database, [{ id: 2, key: other }])
  await t.rejects(missing.load(), { message: /MASTER_KEYS holds no key with id 1,/ })
  t.notOk(wrong.loaded || missing.loaded)
  t.throws(() => wrong.signer('ES256'), /no active ES256 key/)
  t.strictSame(await query(url, 'select * from signing_keys order by kid'), before)
  const both = ring(database, [{ id: 2, key: other }, TEST_MASTER_KEY])
  await t.resolves(both.load(), 'a list that still holds the old key opens it')
})

t.test('only an active key signs; retired and revoked ones are published no more', async (t) => {
  const url = await createTestDatabase(t)
  const database = connect(t, url)
  const [old] = await query(url, "select kid from signing_keys where alg = 'ES256'")
  const kid = String(old?.kid)
  const kids = (one: ReturnType<typeof ring>) =>
    JSON.parse(one.jwks()?.body ?? '').keys.map((key: { kid: string }) => key.kid)
  const one = ring(database, [TEST_MASTER_KEY])
  await one.load()
  const token = one.signer('ES256')({ iat: 1, exp: 2 })
  const etag = one.jwks()?.etag
  for (const state of ['retiring', 'retired', 'revoked'] as const) {
    await query(url, 'update signing_keys set state = $1 where kid = $2', [state, kid])
    await one.load()
    const isPublished = state === 'retiring'
    t.equal(kids(one).includes(kid), isPublished, state)
    t.equal(one.find(kid)?.verifySignature(token) !== undefined, isPublished)
    const header = one.signer('ES256')({ iat: 1, exp: 2 }).split('.')[0] as string
    t.not(JSON.parse(Buffer.from(header, 'base64url').toString()).kid, kid, 'a new key signs')
    t.not(one.jwks()?.etag, etag)
  }
  const keys = await listSigningKeys(database.kysely)
  t.equal(keys.filter(({ state }) => state === 'active').length, 2)
})

t.test('a row that cannot be is refused by its kid', async (t) => {
  const url = await createTestDatabase(t)
  const database = connect(t, url)
  await query(url, "update signing_keys set alg = 'HS256', kid = 'odd' where alg = 'ES256'")
  await t.rejects(listSigningKeys(database.kysely), { message: /^signing key odd / })
})

t.test('a sealed key moved to another row does not open', async (t) => {
  const url = await createTestDatabase(t)
  const database = connect(t, url)
  await query(
    url,
    `update signing_keys set private_key_sealed =
      (select private_key_sealed from signing_keys where alg = 'RS256') where alg = 'ES256'`,
  )
  await t.rejects(ring(database, [TEST_MASTER_KEY]).load(), CannotUnseal)
})
