import t, { type Test } from 'tap'
import { createRecordEvents, createToEventRow } from '../../src/audit/store.ts'
import type { MasterKey } from '../../src/config/master-keys.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { createReencryptKeys } from '../../src/keys/reencrypt.ts'
import type { Sealed } from '../../src/keys/seal.ts'
import { lastReencryption, replaceSeal } from '../../src/keys/seals/store.ts'
import { openPrivateKey } from '../../src/keys/signing-key.ts'
import { listSigningKeys } from '../../src/keys/store.ts'
import { createStoppedClock } from '../support/clock.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { createSeededRandom } from '../support/random.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'
import { atOnce, connect } from './fixtures/sessions.ts'

const SECOND = { id: 2, key: createSeededRandom('second').bytes(32) }
const operator = {
  by: 'operator',
  origin: { requestId: undefined, address: undefined, userAgent: undefined },
}

async function setUp(t: Test) {
  const url = await createTestDatabase(t)
  const database = connect(t, url)
  const clock = createStoppedClock()
  const reencrypt = (list: MasterKey[], seed = 'seed') => {
    const random = createSeededRandom(seed)
    const recordEvents = createRecordEvents(createToEventRow({ clock, random }))
    const masterKeys = createMasterKeys(list)
    return createReencryptKeys({ database, masterKeys, random, recordEvents })(operator)
  }
  const events = async () => {
    const rows = await query(url, 'select type, detail from events order by id')
    return rows.map(({ type, detail }) => ({ type, ...(detail as object) }))
  }
  return { url, database, clock, reencrypt, events, list: () => listSigningKeys(database.kysely) }
}

t.test(
  'every key is sealed under the first master key, once, and stays the same key',
  async (t) => {
    const { database, clock, reencrypt, events, list } = await setUp(t)
    const before = await list()
    const old = createMasterKeys([TEST_MASTER_KEY])
    const privateHalves = (keys: typeof before, masterKeys: typeof old) =>
      keys.map((key) => openPrivateKey(key, masterKeys).export({ format: 'jwk' }))
    const done = await reencrypt([SECOND, TEST_MASTER_KEY])
    t.match(done, [
      { from: 1, outcome: 'reencrypted' },
      { from: 1, outcome: 'reencrypted' },
    ])
    const after = await list()
    t.strictSame(
      privateHalves(after, createMasterKeys([SECOND])),
      privateHalves(before, old),
      'the new master key alone opens the same private halves',
    )
    const unsealed = (keys: typeof before) => keys.map(({ sealed: _, ...rest }) => rest)
    t.strictSame(unsealed(after), unsealed(before), 'and nothing else of a row has changed')
    t.strictSame(
      await events(),
      before.map(({ kid, algorithm: alg }) => ({
        type: 'key.reencrypted',
        kid,
        alg,
        masterKeyId: 2,
        from: 1,
        by: 'operator',
      })),
    )
    t.equal(await lastReencryption(database.kysely, 2), clock.now())
    t.equal(await lastReencryption(database.kysely, 1), undefined)
    t.strictSame(
      await reencrypt([SECOND, TEST_MASTER_KEY]),
      [],
      'a second time there is nothing to do',
    )
    t.strictSame(await list(), after)
  },
)

t.test('of many at once one does it, and each event is of a change', async (t) => {
  const { reencrypt, events, list } = await setUp(t)
  const { length } = await list()
  const all = await atOnce(8, (n) => reencrypt([SECOND, TEST_MASTER_KEY], `replica ${n}`))
  const outcomes = all.flat().map(({ outcome }) => outcome)
  t.equal(outcomes.filter((one) => one === 'reencrypted').length, length)
  t.notOk(outcomes.includes('closed'))
  t.equal((await events()).length, length)
  for (const key of await list()) openPrivateKey(key, createMasterKeys([SECOND]))
})

t.test('a key that was sealed anew or erased since it was read is left alone', async (t) => {
  const { url, database, list } = await setUp(t)
  const [key] = await list()
  const old = key?.sealed as Sealed
  const mine = { bytes: Buffer.from('mine'), masterKeyId: 2 }
  const replace = () => replaceSeal(database.kysely, String(key?.kid), old, mine)
  const write = 'update signing_keys set private_key_sealed = $2, master_key_id = $3 where kid = $1'
  for (const theirs of [
    { bytes: Buffer.from('theirs'), masterKeyId: old.masterKeyId },
    { bytes: old.bytes, masterKeyId: 3 },
    { bytes: null, masterKeyId: null },
  ]) {
    await query(url, write, [key?.kid, theirs.bytes, theirs.masterKeyId])
    t.equal(await replace(), false)
    const [row] = await query(url, 'select * from signing_keys where kid = $1', [key?.kid])
    t.match(row, { private_key_sealed: theirs.bytes, master_key_id: theirs.masterKeyId })
  }
  await query(url, write, [key?.kid, old.bytes, old.masterKeyId])
  t.equal(await replace(), true)
})

t.test(
  'a key that does not open is left as it is, told by its ids, and the others are done',
  async (t) => {
    const { url, reencrypt, events, list } = await setUp(t)
    const [bad] = await query(
      url,
      `update signing_keys
    set private_key_sealed = set_byte(private_key_sealed, 40, get_byte(private_key_sealed, 40) # 1)
    where alg = 'RS256' and state = 'active' returning kid, private_key_sealed`,
    )
    const kid = String(bad?.kid)
    const done = await reencrypt([SECOND, TEST_MASTER_KEY])
    const closed = done.find((one) => one.kid === kid)
    t.match(closed, {
      outcome: 'closed',
      problem: `master key 1 does not open signing key ${kid} RS256`,
    })
    const others = done.filter((one) => one.kid !== kid)
    t.ok(others.every(({ outcome }) => outcome === 'reencrypted'))
    const row = (await list()).find((key) => key.kid === kid)
    t.strictSame(row?.sealed, { bytes: bad?.private_key_sealed, masterKeyId: 1 })
    t.equal((await events()).length, others.length)
    const [missing] = await reencrypt([SECOND])
    t.match(missing, {
      outcome: 'closed',
      problem: `no key with id 1, which sealed signing key ${kid}`,
    })
  },
)
