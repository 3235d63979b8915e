import { createPublicKey } from 'node:crypto'
import { compactVerify } from 'jose'
import t from 'tap'
import { algorithmNames, generateSigningKey } from '../../src/jwt/algorithms.ts'
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
  t.strictSame(algorithmNames, ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384'], 'no HMAC, no none')
  t.equal(createPublicKey(rsa.privateKey).asymmetricKeyDetails?.modulusLength, 2048)
})
