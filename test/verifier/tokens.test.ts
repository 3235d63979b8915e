import t, { type Test } from 'tap'
import type { VerifyCode } from '../../src/verifier/errors.ts'
import {
  base64url,
  createBench,
  createTestKey,
  goodClaims,
  ISSUER,
  NOW,
  ORDERS,
  refusal,
  signTexts,
  signToken,
} from '../support/verifier.ts'

const key = await createTestKey('one')
const other = await createTestKey('other')
const HEADER = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'one' })
const PAYLOAD = JSON.stringify(goodClaims())

t.test('a good token', async (t) => {
  const { verifier } = createBench(t, [key])
  const { claims, header, scopes } = await verifier.verify(await signToken(key))
  t.strictSame(claims, goodClaims())
  t.strictSame(header, { alg: 'ES256', typ: 'at+jwt', kid: 'one' })
  t.strictSame(scopes, ['orders:read', 'orders:write'])
  t.throws(() => Object.assign(claims, { sub: 'mallory' }), TypeError, 'nobody can change it')
})

/** Refused before any key is looked for: there are no requests. */
async function refusedUnseen(t: Test, token: string, code: VerifyCode, message: string) {
  const { verifier, requests } = createBench(t, [key])
  const error = await refusal(verifier.verify(token))
  t.equal(error.code, code, `${message}: ${error.actual}`)
  t.equal(requests.length, 0, 'and nobody was asked')
  const { good, code: told } = await verifier.explain(token)
  t.strictSame([good, told], [false, code], 'explain says the same')
}

t.test('the size comes before everything', async (t) => {
  const token = await signToken(key, { padding: 'x'.repeat(6_500) })
  t.ok(token.length > 8192)
  await refusedUnseen(t, token, 'token_too_large', 'more than 8 KiB')
  await refusedUnseen(t, '.'.repeat(5_000_000), 'token_too_large', 'five megabytes')
  const room = await createBench(t, [key], { maxTokenSize: token.length }).verifier.verify(token)
  t.equal(room.claims.sub, 'alice', 'as large as may be')
  const tight = createBench(t, [key], { maxTokenSize: token.length - 1 })
  t.equal((await refusal(tight.verifier.verify(token))).code, 'token_too_large', 'one byte more')
})

t.test('no token at all', async (t) => {
  const { verifier } = createBench(t, [key])
  for (const token of ['', undefined, null, 7, {}]) {
    const error = await refusal(verifier.verify(token as string))
    t.equal(error.code, 'token_missing')
    t.equal(error.wwwAuthenticate, 'Bearer')
  }
})

t.test('each segment is canonical base64url', async (t) => {
  const token = await signToken(key)
  const [header, payload, signature] = token.split('.') as [string, string, string]
  // 64 bytes leave 4 bits of the last character unused: its neighbours decode to the same bytes.
  const last = signature.at(-1) as string
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const twin = `${signature.slice(0, -1)}${alphabet[alphabet.indexOf(last) + 1]}`
  t.strictSame(Buffer.from(twin, 'base64url'), Buffer.from(signature, 'base64url'))
  const spoiled: Record<string, string> = {
    'unused bits of the signature': `${header}.${payload}.${twin}`,
    'padding at the signature': `${token}==`,
    'padding at the header': `${header}=.${payload}.${signature}`,
    'a newline at the end': `${token}\n`,
    'a space at the beginning': ` ${token}`,
    'a newline in the payload': `${header}.${payload.slice(0, 9)}\n${payload.slice(9)}.${signature}`,
    'a space in the signature': `${header}.${payload}.${signature.slice(0, 9)} ${signature.slice(9)}`,
    'the other alphabet': `${header}.${payload}.${'+/'.padEnd(86, 'A')}`,
    'a letter of another script': `${header}.${payload}.${'é'.repeat(86)}`,
    'one character left over': `${header}.${payload}.A`,
    'no signature': `${header}.${payload}.`,
    'no payload': `${header}..${signature}`,
    'no header': `.${payload}.${signature}`,
    'two segments': `${header}.${payload}`,
    'one segment': header,
    'four segments': `${token}.${signature}`,
    'five segments, as of a JWE': `${header}.${payload}.${signature}.${payload}.${signature}`,
    'its scheme before it': `Bearer ${token}`,
  }
  for (const [what, bad] of Object.entries(spoiled)) {
    await refusedUnseen(t, bad, 'token_malformed', what)
  }
})

t.test('header and payload are JSON that everybody reads alike', async (t) => {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  const withMember = (member: string) => `${PAYLOAD.slice(0, -1)},${member}}`
  const spoiled: Record<string, string | Uint8Array> = {
    'a claim twice': withMember('"sub":"mallory"'),
    'a claim twice, once in escapes': withMember('"\\u0073ub":"mallory"'),
    'a name twice further down': withMember('"act":{"sub":"a","sub":"b"}'),
    'a name twice in a list': withMember('"list":[{"a":1,"a":2}]'),
    'a name twice with space before the colon': withMember('"sub" \n: "mallory"'),
    'a byte order mark': `\uFEFF${PAYLOAD}`,
    'a byte that is not UTF-8': Buffer.concat([
      Buffer.from(withMember('"name":"').slice(0, -1)),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]),
    'half a surrogate pair': withMember('"name":"\\ud800"'),
    'half a surrogate pair in a name': withMember('"\\udc00":1'),
    'a number beyond all numbers': withMember('"n":1e400'),
    'another one': withMember('"n":[-1E+999]'),
    'deeper than 16 levels': withMember(`"deep":${deep(16)}`),
    'far deeper': withMember(`"deep":${deep(2_000)}`),
    'a list': `[${PAYLOAD}]`,
    'a string': '"payload"',
    null: 'null',
    'no JSON': 'payload',
    'JSON and more': `${PAYLOAD}{}`,
    nothing: '{',
  }
  for (const [what, payload] of Object.entries(spoiled)) {
    await refusedUnseen(t, await signTexts(key, HEADER, payload), 'token_malformed', what)
  }
  const twice = HEADER.replace('{', '{"alg":"none",')
  await refusedUnseen(t, await signTexts(key, twice, PAYLOAD), 'token_malformed', 'alg twice')
  await refusedUnseen(t, await signTexts(key, '[]', PAYLOAD), 'token_malformed', 'a list as header')
  await refusedUnseen(
    t,
    await signTexts(key, HEADER.replace('one', '\\ud800'), PAYLOAD),
    'token_malformed',
    'half a surrogate pair in the header',
  )
})

t.test('what is only unusual passes', async (t) => {
  const { verifier } = createBench(t, [key])
  const withMember = (member: string) => `${PAYLOAD.slice(0, -1)},${member}}`
  const payloads = {
    'space between everything': JSON.stringify(goodClaims(), undefined, 2),
    'one name in two objects': withMember('"a":{"sub":1},"b":[{"sub":2},{"sub":3}]'),
    'values that are equal': withMember('"a":["x","x","sub"],"b":"x"'),
    'quotes and backslashes': withMember('"a\\"b":"c\\\\","a\\\\":"\\"","x":"\\\\\\""'),
    'a whole surrogate pair, escaped or not': withMember('"name":"\\ud83d\\ude00 😀"'),
    'all kinds of numbers': withMember('"n":[0,-0,1.5,-2e-9,1E3,1e+20]'),
    'brackets in a string': withMember(`"deep":"${'['.repeat(40)}"`),
    '16 levels': withMember(`"deep":${'['.repeat(15)}${']'.repeat(15)}`),
    literals: withMember('"a":[true,false,null]'),
  }
  for (const [what, payload] of Object.entries(payloads)) {
    const { claims } = await verifier.verify(await signTexts(key, HEADER, payload))
    t.equal(claims.sub, 'alice', what)
  }
})

t.test('names of prototypes are names like others', async (t) => {
  const { verifier } = createBench(t, [key])
  const evil =
    '"__proto__":{"sub":"mallory","admin":true},"constructor":{"prototype":{"admin":true}}'
  const { claims } = await verifier.verify(
    await signTexts(key, HEADER, `${PAYLOAD.slice(0, -1)},${evil}}`),
  )
  t.equal(claims.sub, 'alice')
  t.equal(claims.admin, undefined)
  t.equal(({} as { admin?: boolean }).admin, undefined)
  const without = JSON.stringify({ ...goodClaims(), sub: undefined })
  const error = await refusal(
    verifier.verify(await signTexts(key, HEADER, `${without.slice(0, -1)},${evil}}`)),
  )
  t.equal(error.code, 'claim_invalid', 'what a prototype says is not said')
})

t.test('the header has alg, kid and typ, and nothing else', async (t) => {
  const more: Record<string, unknown> = {
    crit: ['exp'],
    b64: false,
    zip: 'DEF',
    jwk: other.jwk,
    jku: 'https://evil.example/jwks.json',
    x5c: ['MII='],
    x5u: 'https://evil.example/cert.pem',
    x5t: 'abc',
    cty: 'JWT',
    enc: 'A256GCM',
    nonce: 'abc',
    __proto__x: 1,
  }
  for (const [name, value] of Object.entries(more)) {
    await refusedUnseen(t, await signToken(key, {}, { [name]: value }), 'token_malformed', name)
  }
  const polluted = HEADER.replace('{', '{"__proto__":{"alg":"none"},')
  await refusedUnseen(t, await signTexts(key, polluted, PAYLOAD), 'token_malformed', '__proto__')
})

t.test('the kind of token', async (t) => {
  const { verifier } = createBench(t, [key])
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt']) {
    t.equal((await verifier.verify(await signToken(key, {}, { typ }))).claims.sub, 'alice', typ)
  }
  const others = ['JWT', 'id_token', 'dpop+jwt', 'logout+jwt', 'revocations+jwt', 'text/at+jwt', '']
  for (const typ of [
    ...others,
    'at+jwt ',
    'application/application/at+jwt',
    undefined,
    7,
    ['at+jwt'],
  ]) {
    await refusedUnseen(t, await signToken(key, {}, { typ }), 'typ_not_allowed', String(typ))
  }
  const lenient = createBench(t, [key], { typ: ['at+jwt', 'application/JWT'] }).verifier
  t.ok(await lenient.verify(await signToken(key, {}, { typ: 'jwt' })), 'another on purpose')
  t.ok(await lenient.verify(await signToken(key)))
})

t.test('no algorithm without a key pair', async (t) => {
  const names = [
    'none',
    'None',
    'nOnE',
    'NONE',
    'HS256',
    'hs256',
    'HS512',
    'RS1',
    'ES256K',
    'es256',
  ]
  for (const alg of [...names, '', undefined, null, 7, ['ES256']]) {
    await refusedUnseen(t, await signToken(key, {}, { alg }), 'alg_not_allowed', String(alg))
  }
  const unsigned = `${base64url(HEADER.replace('ES256', 'none'))}.${base64url(PAYLOAD)}.AA`
  await refusedUnseen(t, unsigned, 'alg_not_allowed', 'none')
  const { verifier } = createBench(t, [key], { algorithms: ['RS256'] })
  t.equal((await refusal(verifier.verify(await signToken(key)))).code, 'alg_not_allowed')
})

t.test('one key, one algorithm', async (t) => {
  const rsa = await createTestKey('rsa', 'RS256')
  const { verifier } = createBench(t, [rsa])
  const error = await refusal(verifier.verify(await signToken(rsa, {}, { alg: 'PS256' })))
  t.equal(error.code, 'alg_not_allowed')
  t.strictSame([error.expected, error.actual], ['"RS256"', '"PS256"'])
  const wrong = createBench(t, [{ ...rsa, jwk: { ...rsa.jwk, alg: 'PS256' } }]).verifier
  t.equal((await refusal(wrong.verify(await signToken(rsa)))).code, 'alg_not_allowed')
})

t.test('the key is named', async (t) => {
  for (const kid of [undefined, '', null, 7, ['one'], {}, 'x'.repeat(257)]) {
    await refusedUnseen(t, await signToken(key, {}, { kid }), 'kid_missing', typeof kid)
  }
  const { verifier } = createBench(t, [key])
  for (const kid of [
    '../../dev/null',
    "' OR 1=1--",
    '\0',
    '__proto__',
    'toString',
    'One',
    'x'.repeat(256),
  ]) {
    // Older than the keys that the first of them has fetched.
    const error = await refusal(verifier.verify(await signToken(key, { iat: NOW - 10 }, { kid })))
    t.equal(error.code, 'kid_unknown', JSON.stringify(kid.slice(0, 20)))
    t.ok((error.actual ?? '').length < 150, 'and what is told of it is short')
  }
})

t.test('the signature fits the bytes', async (t) => {
  const { verifier } = createBench(t, [key])
  const [header, payload, signature] = (await signToken(key)).split('.') as [string, string, string]
  const bytes = Buffer.from(signature, 'base64url')
  const changed = Buffer.from(bytes)
  changed.writeUInt8(changed.readUInt8(40) ^ 1, 40)
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
  const asDer = Buffer.concat([
    Buffer.from([0x30, 0x44, 2, 32]),
    bytes.subarray(0, 32),
    Buffer.from([2, 32]),
    bytes.subarray(32),
  ])
  const bad: Record<string, Uint8Array> = {
    'one bit': changed,
    'all zero': Buffer.alloc(64),
    'R is zero': Buffer.concat([Buffer.alloc(32), bytes.subarray(32)]),
    'S is zero': Buffer.concat([bytes.subarray(0, 32), Buffer.alloc(32)]),
    'R and S are the order of the curve': Buffer.from(order + order, 'hex'),
    'all ones': Buffer.alloc(64, 0xff),
    DER: asDer,
    'one byte short': bytes.subarray(0, 63),
    'one byte long': Buffer.concat([bytes, Buffer.alloc(1)]),
    'one byte': bytes.subarray(0, 1),
    'of another token': Buffer.from(
      (await signToken(key, { sub: 'bob' })).split('.')[2] ?? '',
      'base64url',
    ),
    'of another key': await other.sign(`${header}.${payload}`),
  }
  for (const [what, wrong] of Object.entries(bad)) {
    const token = `${header}.${payload}.${base64url(wrong)}`
    // One at a time, and several at once, are not verified by the same call.
    const together = await Promise.all(
      [token, token, token].map((one) => refusal(verifier.verify(one))),
    )
    for (const error of together) t.equal(error.code, 'signature_invalid', what)
    t.equal((await refusal(verifier.verify(token))).code, 'signature_invalid', what)
  }
  const hmac = await crypto.subtle.importKey(
    'raw',
    Buffer.from(JSON.stringify(key.jwk)),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  )
  const mac = new Uint8Array(
    await crypto.subtle.sign('HMAC', hmac, Buffer.from(`${header}.${payload}`)),
  )
  const error = await refusal(verifier.verify(`${header}.${payload}.${base64url(mac)}`))
  t.equal(error.code, 'signature_invalid', 'an HMAC with the public key')
})

t.test('a signature may begin with zeros', async (t) => {
  const { verifier } = createBench(t, [key])
  const beginsWithZero = async (at: number) => {
    // One in 256 does.
    for (let index = 0; index < 20_000; index += 1) {
      const token = await signToken(key, { jti: `token-${index}` })
      if (Buffer.from(token.split('.')[2] ?? '', 'base64url')[at] === 0) return token
    }
    throw new Error('no signature begins with a zero')
  }
  for (const token of [await beginsWithZero(0), await beginsWithZero(32)]) {
    t.ok(await verifier.verify(token))
    await Promise.all([token, token].map((one) => verifier.verify(one)))
  }
  t.equal(verifier.stats().verified, 6)
})

t.test('the issuer, to the letter', async (t) => {
  const wrong: [iss: unknown, hint: RegExp][] = [
    [`${ISSUER}/`, /slash/],
    ['http://auth.example', /scheme/],
    ['https://AUTH.example', /case/],
    ['https://auth.example:8443', /port/],
    ['https://auth.example/tenant', /path/],
    ['https://staging.example', /host/],
    ['auth.example', /jwksUri/],
    [[ISSUER], /name/],
    [undefined, /name/],
    ['', /jwksUri/],
  ]
  for (const [iss, hint] of wrong) {
    const token = await signToken(key, { iss })
    await refusedUnseen(t, token, 'issuer_mismatch', String(iss))
    const error = await refusal(createBench(t, [key]).verifier.verify(token))
    t.match(error.hint, hint)
    t.equal(error.expected, JSON.stringify(ISSUER))
  }
})

/** Refused for a claim, by a good signature. */
async function refusedFor(
  t: Test,
  claims: Record<string, unknown>,
  code: VerifyCode,
  message: string,
) {
  const { verifier } = createBench(t, [key])
  const token = await signToken(key, claims)
  const error = await refusal(verifier.verify(token))
  t.equal(error.code, code, `${message}: ${error.actual}`)
  t.ok(error.expected !== undefined && error.actual !== undefined, 'it says what is expected')
  t.equal((await verifier.explain(token)).code, code, 'explain says the same')
}

t.test('the audience', async (t) => {
  const wrong = [
    undefined,
    'https://other.example',
    ORDERS.toUpperCase(),
    { aud: ORDERS },
    [[ORDERS]],
    [],
    '',
    null,
  ]
  for (const aud of wrong) {
    await refusedFor(t, { aud }, 'audience_mismatch', JSON.stringify(aud) ?? 'missing')
  }
  await refusedFor(t, { aud: [ORDERS, 7] }, 'audience_mismatch', 'a list with something else')
  const { verifier } = createBench(t, [key], { audience: ['https://stock.example', ORDERS] })
  for (const aud of [ORDERS, ['https://x.example', ORDERS], ['https://stock.example']]) {
    t.ok(await verifier.verify(await signToken(key, { aud })))
  }
})

t.test('who it is about', async (t) => {
  for (const name of ['sub', 'client_id', 'jti']) {
    for (const value of [undefined, '', 7, null, ['alice']]) {
      await refusedFor(t, { [name]: value }, 'claim_invalid', `${name}: ${JSON.stringify(value)}`)
    }
  }
  for (const sid of ['', 7, null]) await refusedFor(t, { sid }, 'claim_invalid', `sid: ${sid}`)
  const { verifier } = createBench(t, [key])
  t.ok(await verifier.verify(await signToken(key, { sid: undefined })), 'a client has no session')
  await refusedFor(t, { cnf: { jkt: 'abc' } }, 'claim_invalid', 'bound to a key')
})

t.test('its times', async (t) => {
  const bad: unknown[] = [undefined, null, `${NOW + 600}`, -1, 0, NOW + 0.5, 2 ** 53 + 2, [NOW]]
  for (const value of bad) {
    await refusedFor(t, { exp: value }, 'claim_invalid', `exp: ${JSON.stringify(value)}`)
    await refusedFor(t, { iat: value }, 'claim_invalid', `iat: ${JSON.stringify(value)}`)
  }
  await refusedFor(t, { exp: NOW - 31 }, 'claim_invalid', 'it ends before it begins')
  await refusedFor(t, { exp: NOW + 3601 }, 'lifetime_too_long', 'more than an hour')
  await refusedFor(t, { iat: NOW + 31 }, 'token_not_yet_valid', 'a clock that is ahead')
  await refusedFor(t, { nbf: NOW + 31 }, 'token_not_yet_valid', 'not before')
  await refusedFor(t, { nbf: `${NOW}` }, 'claim_invalid', 'not before, as a string')
  await refusedFor(t, { nbf: null }, 'claim_invalid', 'not before, null')
  await refusedFor(t, { iat: NOW - 630, exp: NOW - 30 }, 'token_expired', 'expired')
  const { verifier } = createBench(t, [key])
  const good = [
    { exp: NOW + 3600 },
    { iat: NOW + 30 },
    { nbf: NOW + 30 },
    { nbf: NOW - 5.5 },
    { iat: NOW - 629, exp: NOW - 29 },
    { iat: NOW, exp: NOW },
  ]
  for (const claims of good) {
    t.ok(await verifier.verify(await signToken(key, claims)), JSON.stringify(claims))
  }
  const skewed = await refusal(verifier.verify(await signToken(key, { iat: NOW + 90 })))
  t.match(skewed.actual, /90 s ahead/, 'it says how far the clocks are apart')
  const late = await refusal(
    verifier.verify(await signToken(key, { iat: NOW - 700, exp: NOW - 100 })),
  )
  t.match(late.actual, /100 s ago/)
  const strict = createBench(t, [key], { clockTolerance: 0, maxTokenLifetime: 60 }).verifier
  const codes = []
  for (const claims of [
    { exp: NOW + 61 },
    { iat: NOW + 1, exp: NOW + 2 },
    { iat: NOW - 9, exp: NOW },
  ]) {
    codes.push((await refusal(strict.verify(await signToken(key, claims)))).code)
  }
  t.strictSame(codes, ['lifetime_too_long', 'token_not_yet_valid', 'token_expired'])
})

t.test('its scopes', async (t) => {
  const { verifier } = createBench(t, [key])
  const token = await signToken(key)
  for (const scope of [
    'orders:read',
    'orders:write orders:read',
    ['orders:read', 'orders:write'],
  ]) {
    t.ok(await verifier.verify(token, { scope }), JSON.stringify(scope))
  }
  for (const scope of ['orders:delete', 'orders:read orders:delete', ['orders'], 'ORDERS:READ']) {
    const error = await refusal(verifier.verify(token, { scope }))
    t.strictSame([error.code, error.status], ['scope_missing', 403])
    t.match(error.wwwAuthenticate, `error="insufficient_scope"`)
    t.match(error.wwwAuthenticate, `scope="${[scope].flat().join(' ')}"`)
  }
  const shapes = [
    ['orders:read'],
    { 'orders:read': true },
    'orders:read\tx',
    'orders:read\nx',
    ' orders:read',
    'orders:read  x',
    'orders:read "x"',
    'orders:read \\',
    '',
    7,
    null,
    undefined,
  ]
  for (const scope of shapes) {
    const odd = await signToken(key, { scope })
    t.strictSame((await verifier.verify(odd)).scopes, [], `${JSON.stringify(scope)} counts as none`)
    const error = await refusal(verifier.verify(odd, { scope: 'orders:read' }))
    t.equal(error.code, 'scope_missing')
  }
})

t.test('explain says what each rule expects and what it has', async (t) => {
  const { verifier } = createBench(t, [key])
  const { findings } = await verifier.explain(await signToken(key), { scope: 'orders:read' })
  const given = goodClaims()
  t.strictSame(
    findings.map(({ name, expected, actual }) => [name, expected, actual]),
    [
      ['size', '1 to 8192 bytes', `${(await signToken(key)).length} bytes`],
      [
        'form',
        'a compact JWS: three segments of canonical base64url, two of them strict JSON',
        'a compact JWS',
      ],
      ['header members', 'alg, kid, typ and nothing else', '["alg","typ","kid"]'],
      ['typ', 'at+jwt', '"at+jwt"'],
      ['alg', 'ES256 or RS256 or PS256 or EdDSA or ES384', '"ES256"'],
      ['kid', 'the name of a key, 1 to 256 characters', '"one"'],
      ['iss', `"${ISSUER}"`, `"${ISSUER}"`],
      ['key', 'one of one', '"one"'],
      ["the key's algorithm", '"ES256"', '"ES256"'],
      ['signature', 'made with the key, over exactly these bytes', '64 bytes'],
      ['aud', `"${ORDERS}"`, `"${ORDERS}"`],
      ['sub', 'a string, not empty', '"alice"'],
      ['client_id', 'a string, not empty', '"web"'],
      ['jti', 'a string, not empty', `"${given.jti}"`],
      ['sid', 'a string that is not empty, if any', `"${given.sid}"`],
      ['cnf', 'missing: only bearer tokens are taken', 'missing'],
      ['exp, its form', 'a whole number of seconds since the epoch', `${NOW + 600}`],
      ['iat, its form', 'a whole number of seconds since the epoch', `${NOW}`],
      ['lifetime', '0 to 3600 s from iat to exp', '600 s'],
      ['iat', `not after ${NOW + 30}`, `${NOW}, 0 s ago`],
      ['nbf', `not after ${NOW + 30}, if any`, 'missing'],
      ['exp', `after ${NOW - 30}`, `${NOW + 600}, in 600 s`],
      ['revocation', 'not asked for', 'not asked for'],
      ['scope', 'orders:read', '"orders:read orders:write"'],
    ],
  )
  const { findings: without } = await verifier.explain(await signToken(key))
  t.match(without.at(-1), { name: 'scope', outcome: 'skipped', expected: 'not asked for' })
})

t.test('a token of the wrong form is told what is wrong with it', async (t) => {
  const { verifier } = createBench(t, [key])
  const [header, payload, signature] = (await signToken(key)).split('.') as [string, string, string]
  const told: [token: string, actual: string][] = [
    [header, '1 segment'],
    [`${header}.${payload}`, '2 segments'],
    [`${header}.${payload}.${signature}.${payload}.${signature}`, 'encrypted: 5 segments (JWE)'],
    [`${header}=.${payload}.${signature}`, 'the header is not canonical base64url'],
    [`.${payload}.${signature}`, 'the header is empty'],
    [`${header}..${signature}`, 'the payload is empty'],
    [`${header}.${payload}.`, 'the signature is empty'],
    [`${base64url('x')}.${payload}.${signature}`, 'the header: not JSON'],
  ]
  const payloads: [payload: string | Uint8Array, fault: string][] = [
    [Buffer.from([0xff]), 'not UTF-8'],
    ['x', 'not JSON'],
    ['[]', 'not a JSON object'],
    [`{"a":${'['.repeat(16)}${']'.repeat(16)}}`, 'nested deeper than 16 levels'],
    ['{"a":1e400}', 'a number is too large'],
    ['{"a":-9e400}', 'a number is too large'],
    ['{"a":"\\ud800"}', 'a string holds half a surrogate pair'],
    [`{"${'a'.repeat(80)}":1,"${'a'.repeat(80)}":1}`, `a name is there twice: "${'a'.repeat(59)}`],
  ]
  for (const [text, fault] of payloads) {
    told.push([`${header}.${base64url(text)}.${signature}`, `the payload: ${fault}`])
  }
  for (const [token, actual] of told) {
    t.equal((await refusal(verifier.verify(token))).actual, actual)
  }
  t.match((await refusal(verifier.verify(`Bearer ${header}`))).hint, /Bearer/)
  t.equal((await refusal(verifier.verify(`x Bearer ${header}`))).hint, undefined)
  t.match((await verifier.explain('x'.repeat(8193))).findings.slice(0, 2), [
    { name: 'size', code: 'token_too_large', actual: '8193 bytes' },
    { name: 'form', code: 'token_malformed', actual: 'not read' },
  ])
  t.match((await verifier.explain(7 as unknown as string)).findings.slice(0, 2), [
    { name: 'size', code: 'token_missing', actual: 'number' },
    { name: 'form', code: 'token_malformed', actual: 'not read' },
  ])
})

/** Loads the module as a runtime has it that knows no Buffer. */
async function loadBase64url(): Promise<typeof import('../../src/verifier/token/base64url.ts')> {
  const had = Object.getOwnPropertyDescriptor(globalThis, 'Buffer') as PropertyDescriptor
  Object.defineProperty(globalThis, 'Buffer', { value: undefined, configurable: true })
  const anew = '../../src/verifier/token/base64url.ts?anew'
  try {
    return await import(anew)
  } finally {
    Object.defineProperty(globalThis, 'Buffer', had)
  }
}

t.test('base64url where there is no Buffer', async (t) => {
  const { decodeBase64url } = await loadBase64url()
  for (const bytes of [[], [0], [0xfb, 0xff], [0xff, 0xfe, 0xfd], [1, 2, 3, 4]]) {
    const text = Buffer.from(bytes).toString('base64url')
    t.strictSame([...(decodeBase64url(text) ?? [7])], bytes, text)
  }
  for (const bad of ['A', 'AB', '+/8', '-_8=', 'AA AA', 'é', 'AAAA\n']) {
    t.equal(decodeBase64url(bad), undefined, JSON.stringify(bad))
  }
})
