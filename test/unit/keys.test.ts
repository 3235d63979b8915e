import { createCipheriv, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { MasterKey } from '../../src/config/master-keys.ts'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { createFetchCount, type Verifier } from '../../src/keys/fetches/count.ts'
import { familyOf } from '../../src/keys/fetches/families.ts'
import { knownBy } from '../../src/keys/fetches/known-by.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { knownTo } from '../../src/keys/operations/known-to.ts'
import { readPrivateKey } from '../../src/keys/operations/read-private-key.ts'
import { CannotUnseal, type Sealed, seal, unseal } from '../../src/keys/seal.ts'
import {
  createSigningKey,
  openPrivateKey,
  openPublicKey,
  resealPrivateKey,
  type SigningKey,
} from '../../src/keys/signing-key.ts'
import { createJwksSnapshot } from '../../src/keys/snapshot.ts'
import { createStoppedClock } from '../support/clock.ts'
import { TIMING } from '../support/keys.ts'
import { createSeededRandom } from '../support/random.ts'

const SECRET = Buffer.from('the private half of a signing key')
const masterKey = (id: number, seed = `master ${id}`): MasterKey & { key: Buffer } => ({
  id,
  key: createSeededRandom(seed).bytes(32),
})
const one = createMasterKeys([masterKey(1)])

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
const ED25519 = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
const toPem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()

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
  t.equal(refresh?.symmetricKeySize, 32)
  t.equal(signing?.symmetricKeySize, 32)
  t.notSame(refresh?.export(), signing?.export())
  t.notSame(refresh?.export(), masterKey(1).key)
  const again = createMasterKeys([masterKey(1)]).derive(1, 'refresh-token')
  t.strictSame(again?.export(), refresh?.export())
  t.equal(one.derive(2, 'refresh-token'), undefined)
  t.equal(createMasterKeys([masterKey(5), masterKey(1)]).first, 5)
  t.throws(() => createMasterKeys([]), /no master key/)
  t.throws(() => createMasterKeys([{ id: 1, key: 'retired' }]), /first master key is retired/)
})

t.test('what another purpose sealed is opened for none', async (t) => {
  const context = 'signing key a ES256'
  for (const purpose of ['refresh-token', 'cursor', 'signing-key'] as const) {
    const key = one.derive(1, purpose) as KeyObject
    const nonce = Buffer.alloc(12, 7)
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
    const ciphertext = Buffer.concat([cipher.update(SECRET), cipher.final()])
    const bytes = Buffer.concat([nonce, cipher.getAuthTag(), ciphertext])
    const open = () => unseal(one, { bytes, masterKeyId: 1 }, context)
    if (purpose === 'signing-key') t.strictSame(open(), SECRET, 'the format is this one')
    else t.throws(open, CannotUnseal, purpose)
  }
})

t.test('a signing key is kept sealed under its purpose, its kid and its algorithm', async (t) => {
  const masterKeys = createMasterKeys([masterKey(1), masterKey(2)])
  const context = { masterKeys, random: createSeededRandom(t.name), at: 1 }
  const key = await createSigningKey('ES256', 'active', context)
  t.match(key.publicJwk, { kid: key.kid, alg: 'ES256', use: 'sig', kty: 'EC', crv: 'P-256' })
  t.notOk('d' in key.publicJwk, 'the published half is public')
  const jwk = openPrivateKey(key, masterKeys).export({ format: 'jwk' })
  t.equal(jwk.x, openPublicKey(key).export({ format: 'jwk' }).x, 'both halves belong together')

  const other = await createSigningKey('ES256', 'active', context)
  const sealed = key.sealed as Sealed
  const flipped = Buffer.from(sealed.bytes)
  flipped.writeUInt8(flipped.readUInt8(60) ^ 1, 60)
  const der = openPrivateKey(key, masterKeys).export({ type: 'pkcs8', format: 'der' })
  const sealAs = (words: string) => seal(masterKeys, context.random, der, words)
  const changed: Record<string, SigningKey> = {
    'another row’s, of the same algorithm': { ...key, sealed: other.sealed },
    'one bit': { ...key, sealed: { ...sealed, bytes: flipped } },
    'the kid': { ...key, kid: other.kid },
    'the algorithm': { ...key, algorithm: 'RS256' },
    'the id of the master key': { ...key, sealed: { ...sealed, masterKeyId: 2 } },
    'the purpose': { ...key, sealed: sealAs(`snapshot ${key.kid} ES256`) },
    'nothing bound': { ...key, sealed: sealAs('') },
  }
  for (const [what, row] of Object.entries(changed)) {
    const { message } = refusal(() => openPrivateKey(row, masterKeys))
    const named = `master key ${row.sealed?.masterKeyId} does not open signing key ${row.kid} ${row.algorithm}: `
    t.ok(message.startsWith(named), `${what}: ${message}`)
    t.throws(() => resealPrivateKey(row, context), CannotUnseal, `${what}: nor is it sealed anew`)
  }
  const erased = refusal(() => openPrivateKey({ ...key, sealed: undefined }, masterKeys))
  t.equal(erased.message, `the private half of ${key.kid} was erased`)
})

/** A snapshot in a folder of the test's own, and what was said of it. */
function createSnapshot(t: Test, more: Partial<Parameters<typeof createJwksSnapshot>[0]> = {}) {
  const directory = more.directory ?? join(t.testdir(), 'state')
  const said: string[] = []
  const warn = (fields: object, message: string) => {
    said.push(`${message}: ${(fields as { reason: string }).reason}`)
  }
  const clock = createStoppedClock()
  const snapshot = createJwksSnapshot({
    directory,
    masterKeys: one,
    random: createSeededRandom(t.name),
    hostClock: clock,
    issuer: 'https://auth.example',
    logger: { warn },
    ...more,
  })
  return { ...snapshot, said, clock, directory, file: join(directory, 'jwks-snapshot') }
}

const someKeys = async (random = createSeededRandom('keys')) => {
  const context = { masterKeys: one, random, at: 1 }
  return [await createSigningKey('ES256', 'active', context)]
}

t.test('the published keys are written down, for their owner alone, and read again', async (t) => {
  const { save, read, said, clock, directory, file } = createSnapshot(t)
  t.equal(await read(), undefined, 'there is none yet')
  const keys = await someKeys()
  const at = clock.now()
  await save(keys)
  const known = keys.map(({ kid, algorithm, publicJwk }) => ({ kid, algorithm, publicJwk }))
  const goodUntil = at + 86_400_000
  t.strictSame(await read(), { keys: known, confirmedAt: at, goodUntil }, 'nothing that is secret')
  t.equal((await stat(file)).mode & 0o777, 0o600)
  t.equal((await stat(directory)).mode & 0o777, 0o700)
  const bytes = await readFile(file)
  t.notOk(bytes.includes(keys[0]?.kid as string), 'it is sealed')
  clock.advance(299)
  await save(keys)
  t.strictSame(await readFile(file), bytes, 'what is the same is not written again at once')
  clock.advance(1)
  await save(keys)
  t.equal((await read())?.confirmedAt, at + 300_000, 'but every few minutes')
  const more = [...keys, ...(await someKeys(createSeededRandom('others')))]
  await save(more)
  t.equal((await read())?.keys.length, 2, 'what is not, at once')
  await Promise.all([save(keys), save(more), save(keys)])
  t.equal((await read())?.keys.length, 1, 'the last word stands')
  t.strictSame(await readdir(directory), ['jwks-snapshot'], 'nothing else is left there')
  clock.advance(86_400)
  const last = await read()
  t.ok(last, 'for a day')
  t.equal(last?.goodUntil, clock.now(), 'which does not begin anew when it is read')
  t.strictSame(said, [])
})

t.test('replicas that share a folder do not write over each other’s half', async (t) => {
  const { read, said, directory } = createSnapshot(t)
  const random = createSeededRandom(t.name)
  const replicas = Array.from({ length: 4 }, (_, n) =>
    createSnapshot(t, { directory, random: createSeededRandom(`replica ${n}`) }),
  )
  await replicas[0]?.save(await someKeys(random))
  for (let round = 0; round < 10; round += 1) {
    const keys = await someKeys(random)
    const saves = replicas.map((replica) => replica.save(keys))
    t.ok(await read(), 'there is one at any time')
    await Promise.all(saves)
    t.equal((await read())?.keys[0]?.kid, keys[0]?.kid)
  }
  t.strictSame(await readdir(directory), ['jwks-snapshot'])
  t.strictSame([said, ...replicas.map((replica) => replica.said)].flat(), [])
})

t.test('what others wrote into the snapshot is not believed', async (t) => {
  const { save, read, said, clock, directory, file } = createSnapshot(t)
  await save(await someKeys())
  const bytes = await readFile(file)
  let believed = 0
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes)
    changed.writeUInt8(changed.readUInt8(index) ^ (1 << (index & 7)), index)
    await writeFile(file, changed)
    if ((await read()) !== undefined) believed += 1
  }
  t.equal(believed, 0, 'no byte can be changed')
  t.equal(said.length, bytes.length, 'one line each')
  for (const length of [0, 1, 2, 14, 30, bytes.length - 1]) {
    await writeFile(file, bytes)
    await truncate(file, length)
    t.equal(await read(), undefined, `cut to ${length} bytes`)
  }
  await writeFile(file, bytes)
  await appendFile(file, 'x')
  t.equal(await read(), undefined, 'made longer')
  await writeFile(file, bytes)
  t.ok(await read())

  const masterKeys = createMasterKeys([masterKey(1, 'another')])
  const refused = async (
    why: RegExp,
    more: Partial<Parameters<typeof createJwksSnapshot>[0]>,
    what: string,
  ) => {
    const other = createSnapshot(t, { directory, hostClock: clock, ...more })
    t.equal(await other.read(), undefined, what)
    t.match(other.said, [why], what)
    t.equal(other.said.length, 1, what)
  }
  await refused(/master key 1 does not open JWKS snapshot/, { masterKeys }, 'another master key')
  const two = createMasterKeys([masterKey(2)])
  await refused(/no key with id 1, which sealed JWKS snapshot/, { masterKeys: two }, 'none of it')
  await refused(/does not open/, { issuer: 'https://other.example' }, 'another issuer')
  const at = (seconds: number) => ({ hostClock: { now: () => clock.now() + seconds * 1000 } })
  await refused(/more than a day ago/, at(86_401), 'too old')
  await refused(/yet to come/, at(-61), 'of the future')
  t.ok(await createSnapshot(t, { directory, ...at(-60) }).read(), 'clocks differ a little')
  await rm(file)
  await mkdir(file)
  t.equal(await read(), undefined, 'a folder')
  t.match(said.at(-1), /is not used: it is no file/)
})

t.test('a snapshot that cannot be written or is not wanted costs nothing', async (t) => {
  const { save, read, said, file } = createSnapshot(t)
  const keys = await someKeys()
  await mkdir(file, { recursive: true })
  await save(keys)
  await save(keys)
  t.match(said, [/^cannot write the snapshot: E/])
  t.equal(said.length, 1, 'said once, and tried again')
  await rm(file, { recursive: true })
  await save(keys)
  t.ok(await read())
  const none = createJwksSnapshot({
    directory: undefined,
    masterKeys: one,
    random: createSeededRandom('x'),
    hostClock: createStoppedClock(),
    issuer: 'https://auth.example',
    logger: { warn: () => t.fail() },
  })
  await none.save(keys)
  t.equal(await none.read(), undefined)
})

t.test('a verifier’s family is told by its User-Agent', async (t) => {
  for (const [family, ...agents] of [
    ['mintmark-verifier', 'mintmark-verifier/0.1.0'],
    ['jose', 'jose/v6.2.17', 'jose/v5.9.6'],
    ['node', 'node', 'undici'],
    ['node-fetch', 'node-fetch', 'node-fetch/1.0 (+https://github.com/bitinn/node-fetch)'],
    ['axios', 'axios/1.21.1'],
    ['python-urllib', 'Python-urllib/3.11'],
    ['authlib', 'Authlib/1.6.5 (+https://authlib.org/)'],
    ['python-requests', 'python-requests/2.34.2'],
    ['python-httpx', 'python-httpx/0.28.1'],
    ['python-aiohttp', 'Python/3.12 aiohttp/3.11.11'],
    ['go', 'Go-http-client/1.1', 'Go-http-client/2.0'],
    ['java', 'Java/17.0.15', 'Java-http-client/21.0.2', 'Apache-HttpClient/5.4 (Java/21)'],
    ['okhttp', 'okhttp/4.12.0'],
    ['php', 'GuzzleHttp/7'],
    ['ruby', 'Ruby', 'Faraday v2.12.2'],
    ['haproxy', 'HAProxy'],
    ['nginx', 'nginx/1.27.3'],
    ['envoy', 'envoy'],
    [
      'apache',
      'mod_auth_openidc',
      '[api.example:443:4711] mod_auth_openidc-2.4.16.6 libcurl-8.11.1 OpenSSL 3.0.15',
      'liboauth2-1.4.5.4',
    ],
    ['lua-resty-http', 'lua-resty-http/0.17.2 (Lua) ngx_lua/10026'],
    ['curl', 'curl/7.88.1'],
    ['wget', 'Wget/1.21.3'],
    ['browser', 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0'],
    ['other', 'jos', 'my-jose/1', 'jose', 'x'.repeat(10_000), '../../etc', 'é', '__proto__'],
    ['unnamed', '', '  '],
  ] as [string, ...string[]][]) {
    for (const agent of agents) t.equal(familyOf(agent), family, agent.slice(0, 80))
  }
  t.equal(familyOf(undefined), 'unnamed')
})

t.test('fetches are counted by family and address, and no more than memory is for', async (t) => {
  const count = createFetchCount(3)
  t.strictSame(count.take(), [])
  count.add('jose', '192.0.2.2', 20)
  count.add('jose', '192.0.2.1', 10)
  count.add('jose', '192.0.2.2', 30)
  count.add('go', '192.0.2.2', 40)
  count.add('other', '192.0.2.9', 50)
  count.add('go', '192.0.2.2', 35)
  const taken = count.take()
  const first = { family: 'go', address: '192.0.2.2', firstAt: 35, lastAt: 40, fetches: 2 }
  t.strictSame(taken, [
    first,
    { family: 'jose', address: '192.0.2.1', firstAt: 10, lastAt: 10, fetches: 1 },
    { family: 'jose', address: '192.0.2.2', firstAt: 20, lastAt: 30, fetches: 2 },
  ])
  t.strictSame(count.take(), [], 'each is given out once')
  count.add('go', '192.0.2.2', 60)
  count.putBack(taken)
  t.strictSame(count.take()[0], { ...first, lastAt: 60, fetches: 3 }, 'nothing is lost')
})

t.test('who has a key is who came after it was published everywhere', async (t) => {
  const seen = (address: string, lastAt: number): Verifier => ({
    family: 'jose',
    address,
    firstAt: 0,
    lastAt,
    fetches: 2,
  })
  const published = 100_000
  const all = [
    seen('gone', 49_999),
    seen('late', 50_000),
    seen('early', published + 9_999),
    seen('there', published + 10_000),
  ]
  const { have, lack } = knownBy(all, published, 50_000)
  t.strictSame(
    [have, lack].map((some) => some.map(({ address }) => address)),
    [['there'], ['late', 'early']],
  )
})

t.test('a private key is read as PKCS#8 or JWK, for the algorithm that it fits', async (t) => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  t.match(readPrivateKey(toPem(p384)), { algorithm: 'ES384', givenKid: undefined })
  t.match(readPrivateKey(`Bag\r\n${toPem(p384).replaceAll('\n', '\r\n')}`), { algorithm: 'ES384' })
  const named = { ...ED25519, kid: 'mine', use: 'sig', key_ops: ['sign', 'verify'] }
  t.match(readPrivateKey(JSON.stringify(named)), { algorithm: 'EdDSA', givenKid: 'mine' })
  t.match(readPrivateKey(toPem(RSA), 'PS256'), { algorithm: 'PS256' })
  const jwk = { ...RSA.export({ format: 'jwk' }), alg: 'RS256' }
  const { algorithm, privateKey } = readPrivateKey(JSON.stringify(jwk))
  t.equal(algorithm, 'RS256')
  t.ok(privateKey.equals(RSA))
})

t.test('what is no private key of ours is refused by what it is, and not repeated', async (t) => {
  const rsa = RSA.export({ format: 'jwk' })
  const { d: _, ...publicJwk } = P256
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  const large = Buffer.alloc(513, 0xff).toString('base64url')
  const cipher = { cipher: 'aes-256-cbc', passphrase: 'x' }
  const refused: [given: string | object, problem: RegExp, algorithm?: Algorithm][] = [
    ['', /no private key/],
    ['5eCr3t', /no private key/],
    ['{"d":"5eCr3t"', /neither PEM nor JSON/],
    ['-----BEGIN PRIVATE KEY-----\n5eCr3t\n-----END PRIVATE KEY-----', /the PEM holds is no/],
    [toPem(RSA) + toPem(RSA), /several/, 'RS256'],
    [RSA.export({ type: 'pkcs8', format: 'pem', ...cipher }), /is encrypted: decrypt it/],
    [RSA.export({ type: 'pkcs1', format: 'pem' }), /no PKCS#8: convert it/],
    [createPublicKey(RSA).export({ type: 'spki', format: 'pem' }), /public only/],
    [publicJwk, /public only/],
    [{ keys: [P256] }, /JWK set/],
    [{ kty: 'oct', k: '5eCr3t', alg: 'HS256' }, /shared secret/],
    [{ ...P256, alg: 'HS256' }, /"HS256", by which nothing is signed/],
    ...[5, null, true, ['ES256'], {}, { toString: 'ES256' }].map((alg): [object, RegExp] => [
      { ...P256, alg },
      /alg is no text/,
    ]),
    [{ ...P256, kty: 'XYZ' }, /no private key that is known/],
    [rsa, /RS256 or PS256: say which/],
    [{ ...rsa, alg: 'RS256' }, /needs a JWK with alg PS256/, 'PS256'],
    [toPem(small), /2048 bits or more/, 'RS256'],
    [{ ...rsa, alg: 'RS256', n: large }, /4096 bits or less, and this key has 4104/],
    [{ ...rsa, n: large }, /4096 bits or less/, 'PS256'],
    [P256, /needs a key of EC P-384/, 'ES384'],
    [toPem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey), /secp256k1/],
    [toPem(generateKeyPairSync('x25519').privateKey), /x25519/],
    [{ ...P256, use: 'enc' }, /use sig/],
    [{ ...P256, key_ops: ['verify'] }, /allow no signing/],
    [{ ...P256, d: other.export({ format: 'jwk' }).d }, /do not belong together/],
    [{ ...ED25519, x: 'A'.repeat(43) }, /do not belong together/],
    [{ ...rsa, alg: 'RS256', dp: rsa.dq }, /do not belong together/],
    [{ ...rsa, alg: 'RS256', d: rsa.dq }, /do not belong together/],
  ]
  for (const [given, problem, algorithm] of refused) {
    const text = typeof given === 'string' ? given : JSON.stringify(given)
    t.throws(() => readPrivateKey(text, algorithm), { name: 'InvalidKey', message: problem })
    t.throws(() => readPrivateKey(text, algorithm), { message: /^(?!.*5eCr3t)/ })
  }
})

t.test('who of the verifiers that are about has a key is told by family', async (t) => {
  const day = 86_400_000
  const seen = (family: string, lastAt: number) => ({
    ...{ family, address: '192.0.2.1', firstAt: 0, lastAt, fetches: 1 },
  })
  const verifiers = [
    seen('jose', 10 * day),
    seen('go', 10 * day - 60_000),
    seen('jose', 10 * day - 60_000),
    seen('gone', 8 * day),
  ]
  const context = { masterKeys: one, random: createSeededRandom(t.name), at: 0 }
  const made = await createSigningKey('ES256', 'next', context)
  const key = (createdAt: number) => ({ ...made, createdAt })
  t.strictSame(knownTo(verifiers, key(10 * day - 30_000), TIMING, 10 * day), [
    { family: 'go', have: 0, lack: 1 },
    { family: 'jose', have: 1, lack: 1 },
  ])
  const slow = { ...TIMING, verifierCacheTtlSeconds: 86_400 }
  t.equal(knownTo(verifiers, key(0), slow, 10 * day).length, 3, 'slow ones are about for longer')
})
