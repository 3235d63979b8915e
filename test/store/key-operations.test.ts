import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import pg from 'pg'
import t, { type Test } from 'tap'
import { type Actor, noOrigin } from '../../src/audit/event.ts'
import { createRecordEvents, createToEventRow } from '../../src/audit/store.ts'
import { composeKeyOperations } from '../../src/compose.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { exportJwks } from '../../src/keys/operations/export-public.ts'
import { foreseeKeys } from '../../src/keys/operations/foresee.ts'
import { createImportKey, KeyExists, NextKeyBusy } from '../../src/keys/operations/import-key.ts'
import { KeyNotFound } from '../../src/keys/operations/revoke.ts'
import type { KeySchedule } from '../../src/keys/operations/schedule.ts'
import { type KeyStatus, toKeyStatus } from '../../src/keys/operations/status.ts'
import type { SigningKey } from '../../src/keys/signing-key.ts'
import { createTimeLine } from '../../src/keys/time-line/time-line.ts'
import { createStoppedClock } from '../support/clock.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { createTestKeys, type TestKeys, TIMING } from '../support/keys.ts'
import { until } from '../support/process.ts'
import { createSeededRandom } from '../support/random.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'
import { atOnce, connect } from './fixtures/sessions.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND
const DAY = 24 * HOUR
/** From when on every verifier knows a key: VERIFIER_CACHE_TTL and a slow replica. */
const LEAD = HOUR + 10 * SECOND
const actor: Actor = { by: 'operator', origin: noOrigin }
const SETTINGS = { ...TIMING, signingAlgorithms: ['ES256'] as const, accessTokenTtlSeconds: 600 }

/** A database without keys, one running replica, and an operator. */
async function createOperator(t: Test) {
  const url = await createTestDatabase(t)
  await query(url, 'delete from signing_keys')
  const database = connect(t, url)
  const clock = createStoppedClock()
  const random = createSeededRandom(t.name)
  const recordEvents = createRecordEvents(createToEventRow({ clock, random }))
  const masterKeys = createMasterKeys([TEST_MASTER_KEY])
  const parts = { database, clock, random, recordEvents }
  const replica = (seed = 'replica') =>
    createTestKeys({ database, clock, seed, signingAlgorithms: SETTINGS.signingAlgorithms })
  const one = replica()
  const operations = composeKeyOperations(parts, SETTINGS)
  return {
    ...operations,
    url,
    clock,
    masterKeys,
    one,
    replica,
    importKey: createImportKey({ ...parts, masterKeys, settings: SETTINGS }),
    /** In the order in which they sign. */
    status: async (): Promise<KeyStatus[]> =>
      toKeyStatus(await operations.readSchedule(), masterKeys).toSorted(
        (a, b) => a.key.signsFrom - b.key.signsFrom,
      ),
    /** The rows' states and kids, in the order in which they sign. */
    rows: () => query(url, 'select state, kid, alg from signing_keys order by signs_from, kid'),
    events: async () =>
      (
        await query(
          url,
          `select type, detail ->> 'kid' as kid from events where type not in ('key.created', 'key.published') order by id`,
        )
      ).map(({ type, kid }) => [type, kid]),
  }
}

/** The kids of the active key and of the next one, which were made at that instant and are published. */
async function startKeys(operator: Awaited<ReturnType<typeof createOperator>>) {
  const madeAt = operator.clock.now()
  await operator.one.keep()
  await publish(operator)
  const [active, next] = (await operator.rows()).map(({ kid }) => String(kid))
  return [active, next, madeAt] as [active: string, next: string, madeAt: number]
}

/** Every replica has had the time to read of a new key. */
async function publish({ one, clock }: Awaited<ReturnType<typeof createOperator>>) {
  clock.advance(10)
  await one.keep()
}

/** The kid of the key that signs at a replica now. */
async function signs(one: TestKeys): Promise<string> {
  const sign = await one.keyRing.signer(['ES256'], 'at+jwt')
  const [header = ''] = sign({ iat: 1, exp: 2 }).split('.')
  return JSON.parse(Buffer.from(header, 'base64url').toString()).kid
}

function privateKey(namedCurve = 'P-256'): KeyObject {
  return generateKeyPairSync('ec', { namedCurve }).privateKey
}

t.test('what is foreseen is what comes', async (t) => {
  const operator = await createOperator(t)
  const { one, clock, rows, readSchedule } = operator
  const [active, next, start] = await startKeys(operator)
  const { steps } = foreseeKeys(await readSchedule())
  const told = steps.map((step) => [
    step.do,
    step.isMade ? step.kid : 'new',
    (step.why.at - start) / SECOND,
  ])
  const turn = 30 * 86_400
  t.strictSame(told, [
    ['sign', next, turn],
    ['stop', active, turn],
    ['publish', 'new', turn],
    ['withdraw', active, turn + 970],
  ])
  for (const { why } of steps) {
    const sum = why.terms.reduce((total, { seconds }) => total + seconds * SECOND, why.from)
    t.equal(sum, why.at, 'the terms add up')
  }
  t.strictSame(steps[0]?.why.terms, [{ name: 'KEY_ROTATE_EVERY', seconds: turn }])
  clock.advance(turn)
  await one.keep()
  t.match(await rows(), [
    { kid: active, state: 'retiring' },
    { kid: next, state: 'active' },
    { state: 'next' },
  ])
  const later = foreseeKeys(await readSchedule(), ['ES256'])
  t.match(later.steps[0], { do: 'withdraw', kid: active })
  t.strictSame(later.steps[0]?.why.at, start + (turn + 970) * SECOND)
  t.strictSame(foreseeKeys(await readSchedule(), ['ES384']).steps, [])
})

t.test('however long tokens live, no more is foreseen than was asked for', async (t) => {
  const operator = await createOperator(t)
  const [active, next, start] = await startKeys(operator)
  const schedule = await operator.readSchedule()
  const timing = { keyRotateEverySeconds: 30, keyPublishAheadSeconds: 20 }
  for (const days of [1, 3650]) {
    const tokenTtlSeconds = days * 86_400
    const keys = schedule.keys.map((key) => ({
      ...key,
      ...{ tokenTtlSeconds, signsFrom: key.kid === active ? start : start + 30 * SECOND },
    }))
    const former = Array.from({ length: 500 }, (_, n) => ({
      ...(keys[0] as SigningKey),
      ...{ kid: `former ${n}`, state: 'retiring' as const },
      ...{ signsFrom: start - (n + 1) * 30 * SECOND, signsUntil: start - n * 30 * SECOND },
    }))
    const quick: KeySchedule = {
      ...schedule,
      ...{ keys: [...former, ...keys], tokenTtlSeconds },
      timing: { ...TIMING, ...timing, verifierCacheTtlSeconds: 10 },
    }
    const { steps } = foreseeKeys(quick)
    const ofTurns = steps.filter((step) => !step.kid.startsWith('former'))
    t.ok(ofTurns.length <= 12, `${ofTurns.length} steps`)
    t.strictSame(
      ofTurns.slice(0, 3).map((step) => [step.do, step.kid]),
      [
        ['sign', next],
        ['stop', active],
        ['publish', 'to be made (ES256, 1)'],
      ],
    )
    const at = steps.map(({ why }) => why.at)
    t.strictSame(
      at,
      at.toSorted((a, b) => a - b),
      'by time',
    )
    const [status] = toKeyStatus(quick, undefined).filter(({ key }) => key.kid === active)
    const withdrawnAt = start + (30 + 10 + tokenTtlSeconds + 60 + 10) * SECOND
    t.match(status?.planned, { signsUntil: start + 30 * SECOND, withdrawnAt })
    const ends = steps.filter((step) => step.do === 'withdraw').map(({ kid }) => kid)
    t.ok(former.every(({ kid }) => ends.includes(kid)) && ends.includes(active))
    t.ok(createTimeLine(quick).keys.length <= 10)
  }
})

t.test('an empty table, and a new algorithm, are foreseen as well', async (t) => {
  const operator = await createOperator(t)
  const now = operator.clock.now()
  const empty = foreseeKeys(await operator.readSchedule())
  t.match(
    empty.steps.map((step) => [step.do, step.isMade, step.why.at - now]),
    [
      ['publish', false, 0],
      ['sign', false, 0],
      ['publish', false, 0],
      ['sign', false, 30 * DAY],
      ['stop', false, 30 * DAY],
      ['publish', false, 30 * DAY],
      ['withdraw', false, 30 * DAY + 970 * SECOND],
    ],
  )
  await startKeys(operator)
  const started = operator.clock.now()
  const schedule = await operator.readSchedule()
  const later = foreseeKeys({ ...schedule, inUse: ['ES256', 'EdDSA'] }, ['EdDSA'])
  t.match(
    later.steps.slice(0, 2).map((step) => [step.do, step.why.at - started]),
    [
      ['publish', 0],
      ['sign', 10 * SECOND + LEAD],
    ],
    'verifiers are to know its first key',
  )
})

t.test('the status tells what a key counts as now, and until when its tokens live', async (t) => {
  const operator = await createOperator(t)
  const { clock, status } = operator
  const [active, next, start] = await startKeys(operator)
  t.match(await status(), [
    {
      key: { kid: active, state: 'active', signsFrom: start },
      tokensLiveUntil: start + 610 * SECOND,
      planned: {
        signsUntil: start + 30 * DAY,
        tokensLiveUntil: start + 30 * DAY + 610 * SECOND,
        withdrawnAt: start + 30 * DAY + 970 * SECOND,
      },
      seal: 'opens',
    },
    { key: { kid: next, state: 'next' }, tokensLiveUntil: undefined, seal: 'opens' },
  ])
  t.match(toKeyStatus(await operator.readSchedule(), undefined)[0], { seal: 'unknown' })
  clock.advance(30 * 86_400)
  t.match(
    await status(),
    [
      { key: { state: 'retiring' }, tokensLiveUntil: start + 30 * DAY + 610 * SECOND },
      { key: { state: 'active' } },
    ],
    'no row says so yet',
  )
  await operator.one.keep()
  clock.advance(970)
  await operator.one.keep()
  t.match((await status())[0], { key: { state: 'retired' }, seal: 'erased' })
  t.equal((await status())[0]?.tokensLiveUntil, undefined)
  await query(
    operator.url,
    "update signing_keys set private_key_sealed = '\\x00' where state = 'active'",
  )
  t.match((await status())[1], {
    seal: 'closed',
    sealProblem: /master key 1 does not open/,
  })
})

t.test('a rotation is hastened, and never before every verifier knows the key', async (t) => {
  const operator = await createOperator(t)
  const { one, clock, rotateNow, events } = operator
  t.match(await rotateNow('ES256', actor), { outcome: 'no_next_key', kid: undefined })
  const [active, next, start] = await startKeys(operator)
  const published = start + 10 * SECOND
  t.match(await rotateNow('ES256', actor), {
    outcome: 'hastened',
    kid: next,
    before: start + 30 * DAY,
    signsFrom: published + LEAD,
    earliest: { since: 'every replica publishes it', from: published },
  })
  t.match(await rotateNow('ES256', actor), { outcome: 'unchanged', signsFrom: published + LEAD })
  t.strictSame(await events(), [['key.rotation_planned', next]], 'told once')
  clock.advance(LEAD / SECOND - 1)
  await one.keep()
  t.equal(await signs(one), active)
  clock.advance(1)
  t.equal(await signs(one), next)
  await one.keep()

  await publish(operator)
  clock.advance(2 * 3600)
  const third = String((await operator.rows())[2]?.kid)
  const now = clock.now()
  t.match(await rotateNow('ES256', actor), {
    outcome: 'hastened',
    kid: third,
    signsFrom: now + 10 * SECOND,
    earliest: { since: 'it is written down' },
  })
  const before = operator.replica('another')
  await before.keyRing.load()
  t.equal(await signs(before), next, 'no replica signs with it before all can have read so')
  clock.advance(10)
  t.equal(await signs(before), third)
  t.match(await rotateNow('ES256', actor), { outcome: 'unchanged' }, 'it is due')
})

t.test('a leaked key goes, and its next one signs in the same moment', async (t) => {
  const operator = await createOperator(t)
  const { one, url, clock, revocations, events } = operator
  const [active, next] = await startKeys(operator)
  clock.advance(2 * 3600 - 10)
  const now = clock.now()
  const expected = {
    kid: active,
    was: 'active',
    tokens: {
      signedFrom: now - 2 * HOUR,
      signedUntil: now + 10_000,
      wouldLiveUntil: now + 610_000,
    },
    isDefault: true,
    signer: { kid: next, signsFrom: now },
    signerKnownFrom: now - 2 * HOUR + 10 * SECOND + LEAD,
    refusedHereFrom: now + 10_000,
    refusedByMaxAgeFrom: now + 310_000,
    refusedEverywhereFrom: now + 670_000,
  }
  t.match(await revocations.foresee(active), expected)
  t.strictSame(await events(), [], 'nothing was done')
  t.match(await revocations.revoke(active, actor), expected)
  t.strictSame(await events(), [
    ['key.revoked', active],
    ['key.activated', next],
  ])
  const [row] = await query(url, 'select * from signing_keys where kid = $1', [active])
  t.match(row, { state: 'revoked', private_key_sealed: null, master_key_id: null })
  await one.keyRing.load()
  t.equal(await signs(one), next)
  t.equal(one.keyRing.find(active), undefined, 'what it signed is good no more')
  await one.keep()
  t.match(
    (await operator.rows()).map(({ state }) => state),
    ['revoked', 'active', 'next'],
  )
  t.match(await revocations.revoke(active, actor), { was: 'revoked', tokens: undefined })
  t.equal((await events()).length, 2, 'a second time nothing is done')
  t.match(
    (await operator.status())[0],
    { key: { state: 'revoked' }, tokensLiveUntil: now + 610_000 },
    'a verifier may not have noticed',
  )
  await t.rejects(revocations.revoke('nobody', actor), KeyNotFound)
  await t.rejects(revocations.foresee('nobody'), KeyNotFound)
})

t.test('a key of any state can be revoked', async (t) => {
  const operator = await createOperator(t)
  const { one, clock, revocations } = operator
  const [active, next, madeAt] = await startKeys(operator)
  t.match(await revocations.revoke(next, actor), {
    was: 'next',
    tokens: undefined,
    signer: { kid: active },
  })
  await one.keep()
  const third = String((await operator.rows()).find(({ state }) => state === 'next')?.kid)
  t.not(third, next, 'another one is made, and published ahead')
  await publish(operator)
  clock.advance(30 * 86_400 - 20)
  t.match(
    await revocations.foresee(third),
    { was: 'active', signer: { kid: active } },
    'it is due: it counts as what it is about to be',
  )
  await one.keep()
  t.match(await revocations.revoke(active, actor), {
    was: 'retiring',
    tokens: { signedUntil: madeAt + 30 * DAY + 10_000 },
    signer: { kid: third },
  })
  const fourth = String((await operator.rows()).find(({ state }) => state === 'next')?.kid)
  t.match(await revocations.revoke(third, actor), { was: 'active', signer: { kid: fourth } })
  t.match(await revocations.revoke(fourth, actor), { was: 'active', signer: undefined })
  await one.keep()
  t.not(await signs(one), fourth, 'there is another at once')
})

t.test('a next key whose turn comes before all have noticed may have signed', async (t) => {
  const operator = await createOperator(t)
  const { clock, revocations } = operator
  const [active, next] = await startKeys(operator)
  const other = operator.replica('other')
  clock.advance(30 * 86_400 - 10 - 10.001)
  t.match(await revocations.foresee(next), { was: 'next', tokens: undefined })
  clock.advance(9.001)
  const now = clock.now()
  await other.keyRing.load()
  const told = {
    was: 'next',
    tokens: {
      signedFrom: now + SECOND,
      signedUntil: now + 10 * SECOND,
      wouldLiveUntil: now + 610 * SECOND,
    },
    signer: { kid: active },
  }
  t.match(await revocations.foresee(next), told)
  t.match(await revocations.revoke(next, actor), told)
  clock.advance(1)
  t.equal(await signs(other), next, 'by what it has read before')
  t.match(
    (await operator.status()).find(({ key }) => key.kid === next),
    { key: { state: 'revoked' }, tokensLiveUntil: now + 610 * SECOND },
  )
})

t.test('a second revocation tells of the first', async (t) => {
  const operator = await createOperator(t)
  const { one, url, clock, revocations } = operator
  const [active] = await startKeys(operator)
  clock.advance(3600)
  const { refusedHereFrom, refusedByMaxAgeFrom, refusedEverywhereFrom } = await revocations.revoke(
    active,
    actor,
  )
  clock.advance(60)
  t.match(await revocations.revoke(active, actor), {
    was: 'revoked',
    ...{ refusedHereFrom, refusedByMaxAgeFrom, refusedEverywhereFrom },
  })

  const signing = String((await operator.rows()).find(({ state }) => state === 'active')?.kid)
  await one.keep()
  await publish(operator)
  clock.advance(30 * 86_400)
  await one.keep()
  clock.advance(970)
  await one.keep()
  const withdrawn = () => query(url, 'select * from signing_keys where kid = $1', [signing])
  const [before] = await withdrawn()
  t.match(before, { state: 'retired', withdrawn_at: new Date(clock.now()) })
  clock.advance(60)
  t.match(await revocations.revoke(signing, actor), {
    was: 'retired',
    tokens: undefined,
    refusedHereFrom: clock.now() - 50 * SECOND,
  })
  t.match((await withdrawn())[0], { state: 'revoked', withdrawn_at: before?.withdrawn_at })
})

t.test(
  'revoked by many at once, beside a rotation: it happens once, and somebody signs',
  async (t) => {
    const operator = await createOperator(t)
    const { clock, revocations, rotateNow, rows } = operator
    const replicas = Array.from({ length: 4 }, (_, n) => operator.replica(`${n}`))
    await startKeys(operator)
    for (let turn = 0; turn < 5; turn += 1) {
      const active = String((await rows()).find(({ state }) => state === 'active')?.kid)
      await publish(operator)
      // On even turns a rotation is due at that very moment.
      clock.advance(turn % 2 === 0 ? 30 * 86_400 : 60)
      await atOnce(12, async (n) => {
        if (n < 4) await revocations.revoke(active, actor)
        else if (n < 8) await replicas[n - 4]?.keep()
        else await rotateNow('ES256', actor)
      })
      for (const one of replicas) await one.keep()
      const found = (await rows()).filter(({ state }) => state !== 'retired' && state !== 'revoked')
      t.strictSame(
        found.map(({ state }) => state),
        ['active', 'next'],
      )
      for (const one of replicas) {
        await one.keyRing.load()
        t.equal(await signs(one), found[0]?.kid)
      }
    }
    const told = (await operator.events()).filter(([type]) => type === 'key.revoked')
    t.equal(told.length, 5)
  },
)

t.test(
  'a key that comes while its predecessor is revoked does not wait for its turn',
  async (t) => {
    const operator = await createOperator(t)
    const { one, url, rows } = operator
    await startKeys(operator)
    await query(url, "delete from signing_keys where state = 'next'")
    const revoking = new pg.Client({ connectionString: url })
    await revoking.connect()
    await revoking.query('begin')
    await revoking.query(
      `update signing_keys set state = 'revoked', withdrawn_at = signs_from,
      private_key_sealed = null, master_key_id = null`,
    )
    const kept = one.keep()
    const isUnderWay = `select exists (select from pg_locks where not granted)
    or (select count(*) from signing_keys) > 1 as yes`
    await until('somebody waits', async () => (await query(url, isUnderWay))[0]?.yes || undefined)
    await revoking.query('commit')
    await revoking.end()
    await kept
    await one.keep()
    t.strictSame((await rows()).map(({ state }) => state).sort(), ['active', 'next', 'revoked'])
  },
)

t.test('a key that was just made is seen by who revokes its predecessor', async (t) => {
  const operator = await createOperator(t)
  const { url, revocations } = operator
  const [active, next] = await startKeys(operator)
  await query(url, "update signing_keys set state = 'retired' where state = 'next'")
  const making = new pg.Client({ connectionString: url })
  await making.connect()
  await making.query('begin')
  await making.query('select from signing_keys where kid = $1 for share', [active])
  await making.query("update signing_keys set state = 'next' where kid = $1", [next])
  const revoking = revocations.revoke(active, actor)
  const isWaiting = 'select exists (select from pg_locks where not granted) as yes'
  await until('somebody waits', async () => (await query(url, isWaiting))[0]?.yes || undefined)
  await making.query('commit')
  await making.end()
  t.match(await revoking, { signer: { kid: next } })
  t.match(await operator.rows(), [{ state: 'revoked' }, { kid: next, state: 'active' }])
})

t.test('an imported key is the next one, or the first', async (t) => {
  const operator = await createOperator(t)
  const { one, clock, importKey, rows, events } = operator
  const start = clock.now()
  const first = await importKey(privateKey(), 'ES256', actor)
  t.match(first, { state: 'active', signsFrom: start, replaced: undefined, isInUse: true })
  await one.keep()
  t.equal(await signs(one), first.kid)
  const made = String((await rows())[1]?.kid)
  clock.advance(29 * 86_400 + 3600)
  const key = privateKey()
  const second = await importKey(key, 'ES256', actor)
  t.match(
    second,
    { state: 'next', replaced: made, signsFrom: clock.now() + DAY },
    'published ahead in any case',
  )
  t.strictSame(await events(), [
    ['key.imported', first.kid],
    ['key.retired', made],
    ['key.imported', second.kid],
  ])
  await t.rejects(importKey(key, 'ES256', actor), KeyExists)
  await one.keep()
  await publish(operator)
  clock.advance(86_390)
  await t.rejects(importKey(privateKey(), 'ES256', actor), NextKeyBusy, 'it signs already')
  await one.keep()
  t.equal(await signs(one), second.kid)
  await operator.revocations.revoke(first.kid, actor)
  const other = await importKey(privateKey('P-384'), 'ES384', actor)
  t.match(other, { state: 'next', signsFrom: clock.now() + LEAD, isInUse: false })
})

t.test('what a replica is about to sign with is not taken out of its hands', async (t) => {
  const operator = await createOperator(t)
  const { one, clock, importKey } = operator
  const [active, next] = await startKeys(operator)
  const other = operator.replica('other')
  clock.advance(30 * 86_400 - 10 - 10)
  for (const seconds of [0, 9, 1]) {
    clock.advance(seconds)
    await other.keyRing.load()
    await t.rejects(importKey(privateKey(), 'ES256', actor), NextKeyBusy, `after ${seconds} s`)
    await one.keyRing.load()
    t.ok(one.keyRing.find(await signs(other)), 'each publishes what the other signs with')
  }
  t.equal(await signs(other), next, 'its turn came meanwhile')
  await one.keep()
  const { replaced } = await importKey(privateKey(), 'ES256', actor)
  t.notOk([active, next].includes(String(replaced)), 'the one after it is replaced')
})

t.test('a next key is replaced while every replica can notice before its turn', async (t) => {
  const operator = await createOperator(t)
  const { one, clock, importKey } = operator
  const [active, next] = await startKeys(operator)
  const other = operator.replica('other')
  clock.advance(30 * 86_400 - 10 - 10.001)
  await other.keyRing.load()
  t.match(await importKey(privateKey(), 'ES256', actor), { replaced: next })
  clock.advance(10.001)
  await one.keep()
  t.equal(await signs(other), active, 'it has read again before it signs')
})

t.test('a key that never signed does not hold up those who wait for one', async (t) => {
  const operator = await createOperator(t)
  const { one, importKey, revocations } = operator
  const [active, next] = await startKeys(operator)
  const { kid, replaced } = await importKey(privateKey(), 'ES256', actor)
  t.equal(replaced, next)
  await revocations.revoke(kid, actor)
  await revocations.revoke(active, actor)
  await one.keep()
  t.ok(await signs(one), 'the last one that signed was revoked: another signs at once')
  t.match(
    (await operator.status()).find(({ key }) => key.kid === next),
    { key: { state: 'retired' }, tokensLiveUntil: undefined },
  )
})

t.test('imported beside replicas that start: there is one key of each kind', async (t) => {
  const operator = await createOperator(t)
  const replicas = Array.from({ length: 4 }, (_, n) => operator.replica(`${n}`))
  const imported = await atOnce(8, async (n) => {
    if (n < 4) return operator.importKey(privateKey(), 'ES256', actor).catch((error) => error)
    await replicas[n - 4]?.keep()
  })
  const kids = imported.flatMap((one) => ('kid' in Object(one) ? [one.kid] : []))
  t.ok(kids.length >= 1, `${kids.length} were imported`)
  for (const one of imported) if (one instanceof Error) t.match(one, { name: 'NextKeyBusy' })
  await operator.one.keep()
  const rows = (await operator.rows()).filter(({ state }) => state !== 'retired')
  t.strictSame(rows.map(({ state }) => state).sort(), ['active', 'next'])
  const all = (await operator.rows()).map(({ kid }) => kid)
  for (const kid of kids) t.ok(all.includes(kid))
})

t.test('what is exported is what is published', async (t) => {
  const operator = await createOperator(t)
  await startKeys(operator)
  const { keys } = await operator.readSchedule()
  const { one, masterKeys } = operator
  t.equal(exportJwks(keys, masterKeys), one.keyRing.jwks()?.body)
  t.equal(exportJwks(keys, undefined), one.keyRing.jwks()?.body, 'the rows agree')
})
