import { constants, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { UnfitKey } from '../../src/jwt/accept-key.ts'
import { thumbprint } from '../../src/jwt/thumbprint.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { seal } from '../../src/keys/seal.ts'
import { openPublicKey, type SigningKey } from '../../src/keys/signing-key.ts'
import { attack } from '../support/attacks.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { forge, readPrivateKey } from '../support/forge.ts'
import { encode, startForgery } from '../support/forgery.ts'
import { countQueries } from '../support/queries.ts'
import { createSeededRandom } from '../support/random.ts'
import { createTestService } from '../support/service.ts'
import { makeSigningKey, writeSigningKey } from '../support/signing-keys.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'

t.setTimeout(120_000)

/** Of all cases that leave it as it is. */
const shared = await startForgery(t)

/** A key of nobody here. */
const stranger = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

attack(5, 'a key signs by its own algorithm, whatever else it could do', async (t) => {
  const { service, refuse, unharmed, header, claims, kid, privateKey } = shared
  const rsa = await readPrivateKey(service, 'RS256')
  const pss = (input: string) =>
    sign('sha256', Buffer.from(input), {
      key: rsa.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }).toString('base64url')
  for (const alg of ['PS256', 'RS256', 'RS512']) {
    const input = `${encode({ ...header, alg, kid: rsa.kid })}.${encode(claims)}`
    await refuse(t, `${input}.${pss(input)}`, `PSS by a key of RS256, said to be ${alg}`)
  }
  const byRsa = (alg: string) => forge({ ...header, alg }, claims, rsa.privateKey)
  for (const alg of ['RS256', 'ES256'])
    await refuse(t, byRsa(alg), `by RSA under the EC kid, ${alg}`)
  for (const alg of ['RS256', 'ES256']) {
    const forged = forge({ ...header, alg, kid: rsa.kid }, claims, privateKey)
    await refuse(t, forged, `by EC under the RSA kid, ${alg}`)
  }
  await refuse(t, forge({ ...header, alg: 'ES384' }, claims, privateKey), `ES384 by ${kid}`)
  await unharmed(t)
})

attack(12, 'a token that names no key', async (t) => {
  const { refuse, unharmed, header, claims, privateKey } = shared
  const { kid, ...unnamed } = header
  await refuse(t, forge(unnamed, claims, privateKey), `no ${kid}`)
  await unharmed(t)
})

attack(13, 'a thousand keys that nobody has cost no query', async (t) => {
  const { service, me, unharmed, header, claims } = shared
  const { privateKey } = stranger()
  const [refused, queries] = await countQueries(async () => {
    const forged = Array.from({ length: 1000 }, (_, n) =>
      forge({ ...header, kid: `unknown-${n}` }, claims, privateKey),
    )
    const asked = await Promise.all(forged.slice(0, 20).map(me))
    t.ok(asked.every(({ statusCode }) => statusCode === 401))
    return forged.filter((token) => !service.parts.judge(token).good).length
  })
  t.strictSame([refused, queries], [1000, 0])
  await unharmed(t)
})

attack(14, 'a kid that is a path, SQL, a prototype or no text', async (t) => {
  const { refuse, unharmed, header, claims, privateKey } = shared
  const odd = ['../../dev/null', "' OR 1=1--", '\0', '__proto__', 'constructor', '', 1, ['x'], null]
  for (const kid of [...odd, { kid: header.kid }, 'x'.repeat(5000)]) {
    const forged = forge({ ...header, kid }, claims, privateKey)
    await refuse(t, forged, JSON.stringify(kid).slice(0, 40))
  }
  await unharmed(t)
})

for (const state of ['retired', 'revoked']) {
  attack(15, `a token by a key that was ${state}`, async (t) => {
    const { service, refuse, token, kid } = await startForgery(t)
    await query(service.databaseUrl, 'update signing_keys set state = $1 where kid = $2', [
      ...[state, kid],
    ])
    await service.parts.keyRing.load()
    await refuse(t, token, state)
  })
}

attack(16, 'a token that brings its key along', async (t) => {
  const { refuse, unharmed, header, claims, privateKey } = shared
  const evil = stranger()
  const jwk = evil.publicKey.export({ format: 'jwk' })
  for (const more of [{ jwk }, { x5c: ['MIIB'] }, { jwk, kid: thumbprint(jwk) }, { x5t: 'AA' }]) {
    const what = Object.keys(more).join()
    await refuse(t, forge({ ...header, ...more }, claims, evil.privateKey), what)
    await refuse(
      t,
      forge({ ...header, ...more }, claims, privateKey),
      `${what}, even under our key`,
    )
  }
  await refuse(
    t,
    forge({ ...header, kid: thumbprint(jwk) }, claims, evil.privateKey),
    'its own kid',
  )
  await refuse(t, forge(header, claims, evil.privateKey), 'our kid')
  await unharmed(t)
})

attack(17, 'a token that says where its key is', async (t) => {
  const { refuse, unharmed, header, claims } = shared
  let connections = 0
  const listener = createServer((socket) => {
    connections += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  t.teardown(() => listener.close())
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const { privateKey } = stranger()
  for (const name of ['jku', 'x5u', 'iss']) {
    const more = { [name]: `http://127.0.0.1:${port}/keys` }
    await refuse(t, forge({ ...header, ...more }, claims, privateKey), name)
  }
  t.equal(connections, 0)
  await unharmed(t)
})

/** A row whose sealed half is any key at all, under its right kid: somebody has a master key. */
async function sealedAs(algorithm: 'RS256' | 'ES256', make: () => ReturnType<typeof stranger>) {
  const key = await makeSigningKey(algorithm)
  const { publicKey, privateKey } = make()
  const jwk = publicKey.export({ format: 'jwk' })
  const kid = thumbprint(jwk)
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  const masterKeys = createMasterKeys([TEST_MASTER_KEY])
  const sealed = seal(masterKeys, createSeededRandom(kid), der, `signing key ${kid} ${algorithm}`)
  const publicJwk = { ...jwk, kid, alg: algorithm, use: 'sig' as const }
  return { ...key, kid, publicJwk, sealed, state: 'retiring' as const }
}

attack(5, 'a key of another kind than its row says stops the start, by its kid', async (t) => {
  const rows = {
    'RSA that says ES256': sealedAs('ES256', () =>
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ),
    'P-384 that says ES256': sealedAs('ES256', () =>
      generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    ),
    'RSA of 1024 bits': sealedAs('RS256', () =>
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
    ),
    'RSA with e = 3': sealedAs('RS256', () =>
      generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
    ),
  }
  // Making keys holds everything up, so it is done before anybody waits for a connection.
  await Promise.all(Object.values(rows))
  const databaseUrl = await createTestDatabase(t)
  const running = await createTestService(t, { databaseUrl })
  const before = running.parts.keyRing.jwks()?.body
  for (const [what, row] of Object.entries(rows)) {
    const key = await row
    await writeSigningKey(databaseUrl, key)
    const refused = { name: 'UnfitKey', message: new RegExp(`^signing key ${key.kid}: `) }
    await t.rejects(
      createTestService(t, { databaseUrl }),
      refused,
      `${what}: nobody starts with it`,
    )
    await running.parts.keyRing.load()
    t.equal(running.parts.keyRing.jwks()?.body, before, `${what}: nobody publishes it`)
    t.match(running.parts.keyRing.faults, [{ kid: key.kid }], `${what}: it is reported`)
    await query(databaseUrl, 'delete from signing_keys where kid = $1', [key.kid])
  }
})

attack(41, 'a public half that is not what its row says is not taken', async (t) => {
  const key = await makeSigningKey('ES256')
  const rsa = await makeSigningKey('RS256')
  const { publicJwk } = key
  t.ok(openPublicKey(key))
  const private_ = stranger().privateKey.export({ format: 'jwk' })
  const faults: Record<string, Partial<SigningKey>> = {
    'a secret': { publicJwk: { ...publicJwk, kty: 'oct', k: 'AAAA' } as never },
    'private members': { publicJwk: { ...publicJwk, d: private_.d } as never },
    'a point off the curve': { publicJwk: { ...publicJwk, y: publicJwk.x } as never },
    'for encryption': { publicJwk: { ...publicJwk, use: 'enc' } as never },
    'another algorithm': { publicJwk: { ...publicJwk, alg: 'ES384' } },
    'another curve': { publicJwk: { ...publicJwk, crv: 'P-384' } as never },
    'another key’s half': { publicJwk: rsa.publicJwk },
    'another kid': { publicJwk: { ...publicJwk, kid: rsa.kid } },
    'a kid that is no thumbprint': { kid: 'one', publicJwk: { ...publicJwk, kid: 'one' } },
    'another spelling of it': { publicJwk: { ...publicJwk, x: `${publicJwk.x}=` } as never },
    'no alg': { publicJwk: { ...publicJwk, alg: undefined } as never },
  }
  for (const [what, fault] of Object.entries(faults)) {
    const row = { ...key, ...fault }
    const message = new RegExp(`^signing key ${row.kid}: `)
    t.throws(() => openPublicKey(row), { name: 'UnfitKey', message }, what)
  }
  const e1 = { ...rsa, publicJwk: { ...rsa.publicJwk, e: 'AQ' } }
  t.throws(() => openPublicKey(e1), UnfitKey, 'e = 1')
})
