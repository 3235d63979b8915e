import t from 'tap'
import type { MasterKey } from '../../src/config/master-keys.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { CannotUnseal, type Sealed, seal, unseal } from '../../src/keys/seal.ts'
import { createSigningKey, openPrivateKey, openPublicKey } from '../../src/keys/signing-key.ts'
import { createSeededRandom } from '../support/random.ts'

const SECRET = Buffer.from('the private half of a signing key')
const masterKey = (id: number, seed = `master ${id}`): MasterKey & { key: Buffer } => ({
  id,
  key: createSeededRandom(seed).bytes(32),
})
const one = createMasterKeys([masterKey(1)])

function refusal(work: () => unknown): CannotUnseal {
  try {
    work()
  } catch (error) {
    if (error instanceof CannotUnseal) return error
    throw error
  }
  throw new Error('it was opened')
}

t.test('what is sealed opens in its own context only', async (t) => {
  const sealed = seal(one, createSeededRandom(t.name), SECRET, 'signing key a ES256')
  t.strictSame(unseal(one, sealed, 'signing key a ES256'), SECRET)
  t.equal(sealed.masterKeyId, 1)
  t.notOk(sealed.bytes.includes(SECRET.subarray(0, 8)), 'it cannot be read')
  for (const context of ['signing key b ES256', 'signing key a RS256', '']) {
    t.throws(() => unseal(one, sealed, context), CannotUnseal, `moved to: ${context}`)
  }
})

t.test('no bit of it can be changed unseen, and none cut off', async (t) => {
  const { bytes, masterKeyId } = seal(one, createSeededRandom(t.name), SECRET, 'here')
  let opened = 0
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes)
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    try {
      unseal(one, { bytes: changed, masterKeyId }, 'here')
      opened += 1
    } catch (error) {
      if (!(error instanceof CannotUnseal)) throw error
    }
  }
  t.equal(opened, 0)
  for (const length of [0, 11, 12, 16, 27, 28, bytes.length - 1]) {
    const cut: Sealed = { bytes: bytes.subarray(0, length), masterKeyId }
    t.throws(() => unseal(one, cut, 'here'), CannotUnseal, `${length} bytes`)
  }
})

t.test('the same secret is never sealed to the same bytes', async (t) => {
  const random = createSeededRandom(t.name)
  const a = seal(one, random, SECRET, 'here')
  const b = seal(one, random, SECRET, 'here')
  t.notSame(a.bytes, b.bytes)
  t.notSame(a.bytes.subarray(0, 12), b.bytes.subarray(0, 12), 'a nonce is used once')
})

t.test('the first master key seals, and all of them open', async (t) => {
  const sealedByOld = seal(one, createSeededRandom(t.name), SECRET, 'here')
  const both = createMasterKeys([masterKey(2), masterKey(1)])
  t.equal(seal(both, createSeededRandom('x'), SECRET, 'here').masterKeyId, 2)
  t.strictSame(unseal(both, sealedByOld, 'here'), SECRET)
})

t.test('a missing or wrong master key is named by its id and never shown', async (t) => {
  const sealed = seal(createMasterKeys([masterKey(7)]), createSeededRandom('x'), SECRET, 'here')
  const missing = refusal(() => unseal(one, sealed, 'here'))
  t.match(missing.message, /id 7/)
  const wrongKey = masterKey(7, 'another one')
  const wrong = refusal(() => unseal(createMasterKeys([wrongKey]), sealed, 'here'))
  t.match(wrong.message, /master key 7 /)
  const list = createMasterKeys([masterKey(1), { id: 7, key: 'retired' }])
  const retired = refusal(() => unseal(list, sealed, 'here'))
  t.match(retired.message, /id 7 is retired/)
  for (const { message, cause } of [missing, wrong, retired]) {
    t.equal(cause, undefined)
    for (const { key } of [wrongKey, masterKey(7), masterKey(1)]) {
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        t.notOk(message.includes(key.toString(encoding).slice(0, 8)))
      }
    }
  }
})

t.test('each purpose has a key of its own, and no list means no service', async (t) => {
  const refresh = one.derive(1, 'refresh-token')
  const signing = one.derive(1, 'signing-key')
  t.equal(refresh?.length, 32)
  t.equal(signing?.length, 32)
  t.notSame(refresh, signing)
  t.notSame(refresh, masterKey(1).key)
  t.strictSame(createMasterKeys([masterKey(1)]).derive(1, 'refresh-token'), refresh)
  t.equal(one.derive(2, 'refresh-token'), undefined)
  t.equal(createMasterKeys([masterKey(5), masterKey(1)]).first, 5)
  t.throws(() => createMasterKeys([]), /no master key/)
  t.throws(() => createMasterKeys([{ id: 1, key: 'retired' }]), /first master key is retired/)
})

t.test('a signing key is kept sealed under its kid and its algorithm', async (t) => {
  const context = { masterKeys: one, random: createSeededRandom(t.name), at: 1 }
  const key = await createSigningKey('ES256', 'active', context)
  t.match(key.publicJwk, { kid: key.kid, alg: 'ES256', use: 'sig', kty: 'EC', crv: 'P-256' })
  t.notOk('d' in key.publicJwk, 'the published half is public')
  const jwk = openPrivateKey(key, one).export({ format: 'jwk' })
  t.equal(jwk.x, openPublicKey(key).export({ format: 'jwk' }).x, 'both halves belong together')
  const other = await createSigningKey('ES256', 'active', context)
  t.throws(() => openPrivateKey({ ...key, sealed: other.sealed }, one), CannotUnseal)
  t.throws(() => openPrivateKey({ ...key, algorithm: 'RS256' }, one), CannotUnseal)
})
