import { createHmac, createPublicKey, sign } from 'node:crypto'
import t from 'tap'
import { createTestAdmin } from '../support/admin.ts'
import { attack } from '../support/attacks.ts'
import { forge } from '../support/forge.ts'
import { encode, startForgery } from '../support/forgery.ts'
import { ISSUER, ORDERS } from '../support/service.ts'

t.setTimeout(120_000)

/** Of all cases that leave it as it is. */
const shared = await startForgery(t)

type Claims = Record<string, unknown>

attack(1, 'a token that nobody signed', async (t) => {
  const { refuse, unharmed, header, text } = shared
  for (const alg of ['none', 'None', 'nOnE', 'NONE', undefined, 1, ['ES256'], null, '']) {
    for (const signature of ['', 'AAAA', text.signature]) {
      const forged = `${encode({ ...header, alg })}.${text.payload}.${signature}`
      await refuse(t, forged, `alg ${JSON.stringify(alg)}, ${signature.length} characters signed`)
    }
  }
  await unharmed(t)
})

for (const [number, what] of [
  [2, 'the public key as an HMAC secret'],
  [3, 'the JWK or the JWKS as an HMAC secret'],
  [4, 'an empty HMAC secret, and a kid that nobody has'],
] as const) {
  attack(number, what, async (t) => {
    const { service, refuse, unharmed, kid, header, claims, privateKey } = shared
    const pem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string
    const jwks = service.parts.keyRing.jwks()?.body ?? ''
    const jwk = JSON.parse(jwks).keys.find((key: { kid: string }) => key.kid === kid)
    const secrets = {
      2: [pem, pem.trim(), ` ${pem}`, `\ufeff${pem}`, `\u200b${pem}`, `# key\n${pem}`],
      3: [jwks, JSON.stringify(jwk), JSON.stringify([jwk])],
      4: [''],
    }[number]
    for (const secret of secrets) {
      for (const more of number === 4 ? [{}, { kid: 'unknown' }, { kid: '' }] : [{}]) {
        const input = `${encode({ ...header, alg: 'HS256', ...more })}.${encode(claims)}`
        const mac = createHmac('sha256', secret).update(input).digest('base64url')
        await refuse(t, `${input}.${mac}`, JSON.stringify([secret.slice(0, 20), more]))
      }
    }
    await unharmed(t)
  })
}

/** The order of P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const number = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex')}`)
const bytes = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')

attack(6, 'a signature of numbers that no signer makes, or in another form', async (t) => {
  const { refuse, unharmed, privateKey, text } = shared
  const input = `${text.header}.${text.payload}`
  const good = Buffer.from(text.signature, 'base64url')
  const [r, s] = [good.subarray(0, 32), good.subarray(32)]
  const [zero, order] = [bytes(0n), bytes(ORDER)]
  for (const [what, signature] of Object.entries({
    'r = s = 0': Buffer.concat([zero, zero]),
    'r = 0': Buffer.concat([zero, s]),
    's = 0': Buffer.concat([r, zero]),
    'r = n': Buffer.concat([order, s]),
    's = n': Buffer.concat([r, order]),
    'in DER': sign('sha256', Buffer.from(input), privateKey),
    'a zero before it': Buffer.concat([Buffer.alloc(1), good]),
    'a zero behind it': Buffer.concat([good, Buffer.alloc(1)]),
    'one byte short': good.subarray(0, 63),
  })) {
    await refuse(t, `${input}.${signature.toString('base64url')}`, what)
  }
  await unharmed(t)
})

attack(7, 'the other signature that an ECDSA signature implies revives nothing', async (t) => {
  const { service, client, introspect, me, refuse, token, text } = await startForgery(t)
  const good = Buffer.from(text.signature, 'base64url')
  const turned = bytes(ORDER - number(good.subarray(32)))
  const other = Buffer.concat([good.subarray(0, 32), turned]).toString('base64url')
  const twin = `${text.header}.${text.payload}.${other}`
  t.not(twin, token)
  t.equal(await introspect(twin), true, 'it is the same token: the same jti')
  await service.post('/revoke', { token }, client.basic)
  await refuse(t, twin, 'the twin of a revoked token')
  t.equal((await me(token)).statusCode, 401)
})

attack(8, 'one token has one spelling', async (t) => {
  const { refuse, unharmed, introspect, header, claims, privateKey, text } = shared
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const { header: h, payload: p, signature: s } = text
  const last = alphabet[alphabet.indexOf(s.slice(-1)) ^ 1]
  for (const [what, forged] of Object.entries({
    'unused bits of the signature': `${h}.${p}.${s.slice(0, -1)}${last}`,
    'a header with white space': forge(JSON.stringify(header, null, 1), claims, privateKey),
    'claims with white space': forge(header, JSON.stringify(claims, null, 1), privateKey),
  })) {
    await refuse(t, forged, what)
  }
  for (const space of ['\n', ' ', '\t', '\r\n']) {
    for (const place of [h, p, s]) {
      const forged = `${h}.${p}.${s}`.replace(
        place,
        `${place.slice(0, 8)}${space}${place.slice(8)}`,
      )
      t.equal(await introspect(forged), false, JSON.stringify(space))
    }
  }
  await unharmed(t)
})

attack(9, 'a signature that is missing, cut off, padded or another token’s', async (t) => {
  const { refuse, unharmed, ask, text } = shared
  const other = (await ask()).split('.')[2]
  const { header: h, payload: p, signature: s } = text
  for (const [what, forged] of Object.entries({
    missing: `${h}.${p}.`,
    'missing with its dot': `${h}.${p}`,
    'cut off': `${h}.${p}.${s.slice(0, -2)}`,
    padded: `${h}.${p}.${s}==`,
    'of another alphabet': `${h}.${p}.${s.slice(0, -4)}+/+/`,
    'of another token': `${h}.${p}.${other}`,
    twice: `${h}.${p}.${s}.${s}`,
  })) {
    await refuse(t, forged, what)
  }
  await unharmed(t)
})

attack(18, 'a header that asks for more, even under our key', async (t) => {
  const { refuse, unharmed, header, claims, privateKey } = shared
  for (const more of [
    ...[['exp'], ['alg'], ['x'], [], ['x', 'x'], 'exp', {}, null].map((crit) => ({ crit })),
    { b64: false },
    { crit: ['b64'], b64: false },
  ]) {
    await refuse(t, forge({ ...header, ...more }, claims, privateKey), JSON.stringify(more))
  }
  await unharmed(t)
})

attack(19, 'compression, nesting and encryption', async (t) => {
  const { refuse, unharmed, header, claims, privateKey, token } = shared
  await refuse(t, forge({ ...header, zip: 'DEF' }, claims, privateKey), 'zip')
  await refuse(t, forge({ ...header, cty: 'JWT' }, claims, privateKey), 'cty')
  await refuse(t, forge({ ...header, cty: 'JWT' }, token, privateKey), 'a token in a token')
  await refuse(t, `${encode({ ...header, alg: 'RSA-OAEP', enc: 'A256GCM' })}.AA.AA.AA.AA`, 'a JWE')
  await unharmed(t)
})

attack(20, 'a JWT of another type', async (t) => {
  const { refuse, unharmed, header, claims, privateKey } = shared
  for (const typ of [
    ...['id_token', 'dpop+jwt', 'logout+jwt', 'client-authentication+jwt', 'secevent+jwt'],
    ...['token-introspection+jwt', 'jwt', 'AT+JWT', '', undefined, null, 1, ['at+jwt']],
  ]) {
    await refuse(t, forge({ ...header, typ }, claims, privateKey), `typ ${JSON.stringify(typ)}`)
  }
  await unharmed(t)
})

attack(21, 'an ID token or a client assertion under our own key', async (t) => {
  const { refuse, unharmed, header, claims, privateKey } = shared
  const { iss, sub, exp, iat, jti } = claims
  const clientId = sub as string
  for (const [what, forged] of Object.entries({
    'an ID token': { iss, sub, aud: ISSUER, exp, iat, auth_time: iat, nonce: 'n' },
    'a client assertion': { iss: clientId, sub, aud: ISSUER, exp, iat, jti },
    'an introspection response': { iss, aud: ISSUER, iat, token_introspection: claims },
  })) {
    // Both types that an access token may have.
    for (const typ of ['at+jwt', 'JWT']) {
      await refuse(t, forge({ ...header, typ }, forged, privateKey), `${what}, typ ${typ}`)
    }
  }
  await unharmed(t)
})

attack(22, 'a token at its end', async (t) => {
  const { service, me, introspect, token, claims } = await startForgery(t)
  service.clock.advance((claims.exp as number) - Math.floor(service.clock.now() / 1000) - 1)
  t.equal((await me(token)).statusCode, 200, 'one second before')
  service.clock.advance(1)
  t.equal((await me(token)).statusCode, 401, 'this is the clock that it was made by')
  t.equal(await introspect(token), false)
})

/** Cases whose fault is in the claims, which our own key has signed as JSON text or as an object. */
for (const [number, what, faults] of [
  [
    23,
    'an exp that is none',
    ({ exp, ...lasting }, json) => [
      lasting,
      ...['1e400', '-1', '0', '9007199254740993', '4102444800.5', '"4102444800"', 'null'].map(
        (odd) => json.replace(`"exp":${exp}`, `"exp":${odd}`),
      ),
    ],
  ],
  [
    25,
    'a token of the future',
    (claims) => [
      { ...claims, iat: (claims.iat as number) + 62 },
      { ...claims, nbf: (claims.iat as number) + 300 },
    ],
  ],
  [
    27,
    'another issuer',
    (claims) =>
      ['https://other.example', `${ISSUER}/`, 'https://AUTH.example', [ISSUER], '', null].map(
        (iss) => ({ ...claims, iss }),
      ),
  ],
  [
    28,
    'nobody, or nobody’s client',
    (claims) => [
      ...['', 1, null, undefined, ['a']].map((sub) => ({ ...claims, sub })),
      ...['', 1, undefined].flatMap((odd) => [
        { ...claims, client_id: odd },
        { ...claims, jti: odd },
      ]),
    ],
  ],
  [
    30,
    'a claim twice',
    (_claims, json) => [
      json.replace('{', '{"sub":"admin",'),
      json.replace(/\}$/, ',"sub":"admin"}'),
      json.replace('{', '{"s\\u0075b":"admin",'),
    ],
  ],
  [
    32,
    'text that is none',
    (claims, json) => [
      `\ufeff${json}`,
      { ...claims, sub: '\ud800' },
      { ...claims, jti: 'a\udc00' },
    ],
  ],
  [
    33,
    'names of prototypes',
    ({ sub, ...claims }) => [
      JSON.stringify(claims).replace('{', `{"__proto__":{"sub":"${sub}"},`),
      JSON.stringify(claims).replace('{', `{"constructor":{"prototype":{"sub":"${sub}"}},`),
    ],
  ],
  [
    35,
    'a thousand levels of nesting',
    (claims, json) => [
      json.replace('{', `{"deep":${'['.repeat(1000)}${']'.repeat(1000)},`).replace(/"jti"/, '"x"'),
      { ...claims, iss: JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) },
    ],
  ],
  [39, 'a token of a sister with our kid', (claims) => [{ ...claims, iss: 'https://staging' }]],
] as [number, string, (claims: Claims, json: string) => (object | string)[]][]) {
  attack(number, `${what}, even under our own key`, async (t) => {
    const { refuse, unharmed, header, claims, privateKey } = shared
    for (const forged of faults(claims, JSON.stringify(claims))) {
      await refuse(t, forge(header, forged, privateKey), JSON.stringify(forged).slice(0, 200))
    }
    t.equal(({} as { sub?: string }).sub, undefined)
    await unharmed(t)
  })
}

attack(26, 'a token that is for somebody else', async (t) => {
  const { me, unharmed, header, claims, privateKey } = shared
  for (const aud of [
    ...[ORDERS, [ORDERS], [], [[ISSUER]], { 0: ISSUER }, `${ISSUER}/`, ISSUER.toUpperCase()],
    ...[undefined, null, ''],
  ]) {
    const answer = await me(forge(header, { ...claims, aud }, privateKey))
    t.equal(answer.statusCode, 401, JSON.stringify(aud))
  }
  await unharmed(t)
})

attack(29, 'a scope that is no list of words gives nothing', async (t) => {
  const { service, header, claims, privateKey } = shared
  const admin = await createTestAdmin(t, service)
  const wanted = 'mintmark:events:read'
  const statusWith = async (scope: unknown) => {
    const token = forge(header, { ...claims, scope }, privateKey)
    const headers = { authorization: `Bearer ${token}` }
    return (await admin.ask('GET /events', { headers })).statusCode
  }
  t.equal(await statusWith(`orders:read ${wanted}`), 200)
  for (const odd of [[wanted], { [wanted]: true }, `a\t${wanted}`, `${wanted}\n`, 1, null, '']) {
    t.equal(await statusWith(odd), 403, JSON.stringify(odd))
  }
})

attack(34, 'a token over 8 KiB is not even read', async (t) => {
  const { refuse, unharmed, header, claims, privateKey } = shared
  const long = forge(header, { ...claims, note: 'x'.repeat(6200) }, privateKey)
  t.ok(long.length > 8192)
  await refuse(t, long, `${long.length} characters`)
  await unharmed(t)
})
