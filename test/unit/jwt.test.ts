import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto'
import { CompactSign, compactVerify } from 'jose'
import t from 'tap'
import { openPublicJwk, requireJwkFor, requireKeyFor, UnfitKey } from '../../src/jwt/accept-key.ts'
import { type Algorithm, algorithmNames, generateSigningKey } from '../../src/jwt/algorithms.ts'
import { readCompact } from '../../src/jwt/compact.ts'
import { createSign } from '../../src/jwt/sign.ts'
import { thumbprint } from '../../src/jwt/thumbprint.ts'
import { createVerifySignature } from '../../src/jwt/verify.ts'

const encode = (text: string) => Buffer.from(text).toString('base64url')
const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'k' }
const token = (header: string, payload = '{"sub":"a"}', signature = 'c2ln') =>
  [encode(header), encode(payload), signature].join('.')

t.test('the thumbprint of RFC 7638 section 3.1', async (t) => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
  const jwk = { kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }
  t.equal(thumbprint(jwk), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
})

t.test('the thumbprint and the signature of RFC 8037 appendix A', async (t) => {
  const d = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A'
  const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
  const jwk = { kty: 'OKP', crv: 'Ed25519', x }
  t.equal(thumbprint(jwk), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', 'A.3')
  const input = 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc'
  const signature =
    'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg'
  const publicKey = openPublicJwk('EdDSA', jwk)
  t.ok(await compactVerify(`${input}.${signature}`, publicKey), 'A.4 and A.5, by another library')
  // Ed25519 has one signature for each input, so what our signer makes is known beforehand.
  const privateKey = createPrivateKey({ key: { ...jwk, d }, format: 'jwk' })
  const own = createSign({ kid: 'k', algorithm: 'EdDSA', privateKey, typ: 'JWT' })({
    iat: 1,
    exp: 2,
  })
  const signed = own.slice(0, own.lastIndexOf('.'))
  const expected = signBytes(null, Buffer.from(signed), privateKey).toString('base64url')
  t.equal(own, `${signed}.${expected}`)
  t.equal(signBytes(null, Buffer.from(input), privateKey).toString('base64url'), signature, 'A.4')
})

t.test('a thumbprint is of the public half only, and of no other kind of key', async (t) => {
  const { publicKey, privateKey } = await generateSigningKey('ES256')
  const jwk = publicKey.export({ format: 'jwk' })
  t.match(thumbprint(jwk), /^[A-Za-z0-9_-]{43}$/)
  t.equal(thumbprint(privateKey.export({ format: 'jwk' })), thumbprint(jwk))
  t.equal(thumbprint({ ...jwk, use: 'sig', kid: 'x' }), thumbprint(jwk))
  t.throws(() => thumbprint({ kty: 'oct', k: 'secret-value' }), {
    message: 'no thumbprint for key type oct',
  })
})

t.test('a compact token is read only in the form that the signer writes', async (t) => {
  t.strictSame(readCompact(token(JSON.stringify(HEADER))), HEADER)
  const header = JSON.stringify(HEADER)
  const refused: Record<string, string> = {
    'two segments': token(header).split('.').slice(0, 2).join('.'),
    'four segments': `${token(header)}.`,
    'no signature': token(header, undefined, ''),
    'a padded segment': token(header).replace(/\.c2ln$/, '.c2k='),
    'another spelling of the same bytes': token(header, undefined, 'c2l'),
    'white space': ` ${token(header)}`,
    'a line break at its end': `${token(header)}\n`,
    'plain base64': token(header, undefined, 'a+/b'),
    'a header with white space': token('{"alg": "ES256","typ":"at+jwt","kid":"k"}'),
    'a repeated member': token('{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"k"}'),
    'an escaped member': token('{"al\\u0067":"ES256","typ":"at+jwt","kid":"k"}'),
    'no kid': token('{"alg":"ES256","typ":"at+jwt"}'),
    'a kid that is a number': token('{"alg":"ES256","typ":"at+jwt","kid":1}'),
    'a header that is a list': token('["alg"]'),
    'a header that is null': token('null'),
    'a header that is no JSON': token('{'),
    'a payload that is no object': token(header, '"text"'),
    'a payload that is no JSON': token(header, 'x'),
    'a repeated claim': token(header, '{"sub":"a","sub":"b"}'),
    'nine thousand characters': token(header, `{"sub":"${'x'.repeat(7000)}"}`),
    nothing: '',
  }
  for (const [what, text] of Object.entries(refused)) t.equal(readCompact(text), undefined, what)
  for (const extra of ['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'zip', 'crit', 'b64', 'cty', 'enc']) {
    t.equal(readCompact(token(JSON.stringify({ ...HEADER, [extra]: 'x' }))), undefined, extra)
  }
})

for (const algorithm of algorithmNames) {
  t.test(`${algorithm}: what is signed verifies, here and by another library`, async (t) => {
    const { publicKey, privateKey } = await generateSigningKey(algorithm)
    const sign = createSign({ kid: 'key-1', algorithm, privateKey, typ: 'at+jwt' })
    const verify = createVerifySignature({ algorithm, publicKey })
    const claims = { sub: 'user', iat: 1, exp: 2, aud: ['a', 'b'], name: 'é😀', 7: 'seven' }
    const signed = sign(claims)
    t.strictSame(readCompact(signed), { alg: algorithm, kid: 'key-1', typ: 'at+jwt' })
    t.strictSame(verify(signed), claims, 'nothing added, and long expired: times are not its task')
    const { payload: read } = await compactVerify(signed, publicKey)
    t.strictSame(JSON.parse(Buffer.from(read).toString()), claims)
    const theirs = await new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: 'key-1' })
      .sign(privateKey)
    t.strictSame(verify(theirs), claims, 'what the other library signs verifies here')

    const other = await generateSigningKey(algorithm)
    const stranger = createVerifySignature({ algorithm, publicKey: other.publicKey })
    t.equal(stranger(signed), undefined, 'another key of the same kind')
    const [header, payload, signature] = signed.split('.') as [string, string, string]
    const forged = encode(JSON.stringify({ ...claims, sub: 'admin' }))
    t.equal(verify([header, forged, signature].join('.')), undefined, 'other claims')
    const renamed = encode(JSON.stringify({ alg: algorithm, typ: 'at+jwt', kid: 'key-2' }))
    t.equal(verify([renamed, payload, signature].join('.')), undefined, 'another header')
    const none = encode(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: 'key-1' }))
    t.equal(verify([none, payload, ''].join('.')), undefined, 'no algorithm')
    t.equal(verify('garbage'), undefined)
  })
}

t.test('a public key is no HMAC secret, and no key verifies for another algorithm', async (t) => {
  const rsa = await generateSigningKey('RS256')
  const ec = await generateSigningKey('ES256')
  const byRsa = createSign({ kid: 'k', algorithm: 'RS256', privateKey: rsa.privateKey, typ: 'x' })
  const ecOnly = createVerifySignature({ algorithm: 'ES256', publicKey: ec.publicKey })
  t.equal(ecOnly(byRsa({ iat: 1, exp: 2 })), undefined)
  const byPss = createSign({ kid: 'k', algorithm: 'PS256', privateKey: rsa.privateKey, typ: 'x' })
  const rs256Only = createVerifySignature({ algorithm: 'RS256', publicKey: rsa.publicKey })
  t.ok(rs256Only(byRsa({ iat: 1, exp: 2 })))
  t.equal(rs256Only(byPss({ iat: 1, exp: 2 })), undefined, 'not even one that the key could do')
  const names = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384']
  t.strictSame(algorithmNames, names, 'no HMAC and no none exist to choose')
  t.equal(createPublicKey(rsa.privateKey).asymmetricKeyDetails?.modulusLength, 2048)
})

/** A key pair of every kind that some algorithm needs, and of some that none does. */
const KINDS: Record<string, () => { publicKey: KeyObject; privateKey: KeyObject }> = {
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  secp256k1: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  Ed25519: () => generateKeyPairSync('ed25519'),
  Ed448: () => generateKeyPairSync('ed448'),
  X25519: () => generateKeyPairSync('x25519'),
  'RSA 2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'RSA 1024': () => generateKeyPairSync('rsa', { modulusLength: 1024 }),
  'RSA 2048, e=3': () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
  'RSA-PSS': () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
}

t.test('a key serves the one algorithm whose kind it is of', async (t) => {
  const fit: Record<string, Algorithm[]> = {
    'P-256': ['ES256'],
    'P-384': ['ES384'],
    Ed25519: ['EdDSA'],
    'RSA 2048': ['RS256', 'PS256'],
  }
  for (const [kind, make] of Object.entries(KINDS)) {
    const { publicKey, privateKey } = make()
    for (const algorithm of algorithmNames) {
      const what = `${algorithm} by ${kind}`
      if (fit[kind]?.includes(algorithm)) {
        t.doesNotThrow(() => requireKeyFor(algorithm, publicKey), what)
        t.doesNotThrow(() => requireKeyFor(algorithm, privateKey), what)
      } else {
        t.throws(() => requireKeyFor(algorithm, publicKey), UnfitKey, what)
        t.throws(() => requireKeyFor(algorithm, privateKey), UnfitKey, what)
      }
    }
  }
  t.throws(() => requireKeyFor('ES256', createSecretKey(Buffer.alloc(32))), {
    message: 'ES256 needs a key of EC P-256, and this is one of secret',
  })
})

t.test('a JWK says of itself what it is for, and a public one has no more', async (t) => {
  const { publicKey, privateKey } = await generateSigningKey('ES256')
  const jwk = publicKey.export({ format: 'jwk' })
  t.equal(openPublicJwk('ES256', jwk).equals(publicKey), true)
  const full = { ...jwk, alg: 'ES256', use: 'sig', key_ops: ['verify'], kid: 'any' }
  t.equal(openPublicJwk('ES256', full).equals(publicKey), true)
  t.doesNotThrow(() => requireJwkFor('ES256', privateKey.export({ format: 'jwk' })))
  const refused: Record<string, JsonWebKey> = {
    'another alg': { ...jwk, alg: 'RS256' },
    'another curve’s name': { ...jwk, crv: 'P-384' },
    'no curve': { kty: 'EC', x: jwk.x, y: jwk.y } as JsonWebKey,
    'another kty': { ...jwk, kty: 'OKP' },
    'for encryption': { ...jwk, use: 'enc' },
    'for key agreement': { ...jwk, key_ops: ['deriveKey'] },
    'no list of operations': { ...jwk, key_ops: 'verify' as never },
    'its private half': privateKey.export({ format: 'jwk' }),
    'a point off the curve': { ...jwk, y: jwk.x } as JsonWebKey,
    'half a point': { kty: 'EC', crv: 'P-256', x: jwk.x } as JsonWebKey,
    'a secret': { kty: 'oct', k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75' },
  }
  for (const [what, one] of Object.entries(refused)) {
    t.throws(() => openPublicJwk('ES256', one), UnfitKey, what)
  }
  const rsa = KINDS['RSA 2048']?.().publicKey.export({ format: 'jwk' }) as JsonWebKey
  t.throws(() => openPublicJwk('RS256', { ...rsa, e: 'AQ' }), /exponent of 65537 or more/)
  const ofBytes = (length: number) => Buffer.alloc(length, 0xff).toString('base64url')
  t.ok(openPublicJwk('PS256', { ...rsa, n: ofBytes(512) }))
  t.throws(() => openPublicJwk('PS256', { ...rsa, n: ofBytes(513) }), /4096 bits or less/)
})
