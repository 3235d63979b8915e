import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { createKeySet } from '../../src/verifier/keys/key-set.ts'
import type { VerifyKey } from '../../src/verifier/keys/verify-key.ts'
import type { StaleEvent } from '../../src/verifier/verifier.ts'
import {
  type Bench,
  createBench,
  createTestKey,
  ISSUER,
  JWKS,
  jwksOf,
  METADATA,
  NOW,
  refusal,
  settle,
  signToken,
  type TestKey,
} from '../support/verifier.ts'

const [one, two] = await Promise.all([createTestKey('one'), createTestKey('two')])
const none = () => new Response('', { status: 503 })
const unreachable = () =>
  Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }))

/** A good token at whatever time the clock of the bench shows. */
function tokenNow({ clock }: Bench, key: TestKey, header: Record<string, unknown> = {}) {
  const iat = Math.floor(clock.now() / 1000)
  return signToken(key, { iat, exp: iat + 600 }, header)
}

const metadata =
  (more: Record<string, unknown> = {}) =>
  () =>
    Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/keys`, ...more })

t.test('nothing is fetched before it is needed', async (t) => {
  const { verifier, requests } = createBench(t, [one])
  await settle()
  t.equal(requests.length, 0)
  await verifier.ready()
  await verifier.ready()
  t.strictSame(
    requests.map(({ url }) => new URL(url).pathname),
    [METADATA, JWKS],
  )
  t.strictSame(verifier.stats().jwks.kids, ['one'])
})

t.test('where the keys are', async (t) => {
  t.test('the metadata says it', async (t) => {
    const bench = createBench(t, [])
    bench.answers[METADATA] = metadata()
    bench.answers['/keys'] = jwksOf([one.jwk])
    t.ok(await bench.verifier.verify(await signToken(one)))
  })
  const unfit: Record<string, () => Response | Promise<Response>> = {
    'not there': () => new Response('', { status: 404 }),
    'out of order': none,
    'out of reach': unreachable,
    'of another issuer': metadata({ issuer: 'https://other.example' }),
    'in plain http': metadata({ jwks_uri: 'http://auth.example/keys' }),
    'without an address': metadata({ jwks_uri: undefined }),
    'with a list of addresses': metadata({ jwks_uri: [`${ISSUER}/keys`] }),
    'with a word as address': metadata({ jwks_uri: 'https://' }),
    'with an address of another kind': metadata({ jwks_uri: 'ftp://auth.example/keys' }),
    'good, but an error': () =>
      Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/keys` }, { status: 500 }),
    'in a page': () => new Response('<!doctype html>'),
    nothing: () => Response.json(null),
    'too large': () => Response.json({ issuer: ISSUER, more: 'x'.repeat(70_000) }),
    'somewhere else': () => Response.redirect('https://evil.example/', 302),
  }
  for (const [what, answer] of Object.entries(unfit)) {
    t.test(`the metadata are ${what}`, async (t) => {
      const bench = createBench(t, [one])
      bench.answers[METADATA] = answer
      t.ok(await bench.verifier.verify(await signToken(one)))
      t.equal(bench.requests.length, 2, 'they are asked for once')
    })
  }
  t.test('told by jwksUri, nobody else is asked', async (t) => {
    const bench = createBench(t, [], { jwksUri: new URL('http://inside:3000/keys') })
    bench.answers['/keys'] = jwksOf([one.jwk])
    t.ok(await bench.verifier.verify(await signToken(one)))
    t.strictSame(
      bench.requests.map(({ url }) => url),
      ['http://inside:3000/keys'],
    )
  })
  t.test('the metadata name the algorithms', async (t) => {
    const bench = createBench(t, [])
    bench.answers[METADATA] = metadata({ id_token_signing_alg_values_supported: ['RS256', 'none'] })
    bench.answers['/keys'] = jwksOf([one.jwk, (await createTestKey('rsa', 'RS256')).jwk])
    await bench.verifier.ready()
    t.strictSame(bench.verifier.stats().jwks.kids, ['rsa'])
  })
  t.test('the algorithms that were asked for stand', async (t) => {
    const bench = createBench(t, [], { algorithms: ['ES256'] })
    bench.answers[METADATA] = metadata({ id_token_signing_alg_values_supported: ['RS256'] })
    bench.answers['/keys'] = jwksOf([one.jwk])
    await bench.verifier.ready()
    t.strictSame(bench.verifier.stats().jwks.kids, ['one'])
  })
  t.test('plain http is for an issuer in plain http', async (t) => {
    const issuer = 'http://auth.example'
    const bench = createBench(t, [], { issuer })
    bench.answers[METADATA] = metadata({ issuer, jwks_uri: `${issuer}/keys` })
    bench.answers['/keys'] = jwksOf([one.jwk])
    t.ok(await bench.verifier.verify(await signToken(one, { iss: issuer })))
  })
  t.test('they are asked for again after a failure', async (t) => {
    const bench = createBench(t, [])
    bench.answers[METADATA] = metadata()
    bench.answers['/keys'] = none
    await t.rejects(bench.verifier.ready())
    bench.answers[METADATA] = metadata({ jwks_uri: `${ISSUER}/moved` })
    bench.answers['/moved'] = jwksOf([one.jwk])
    await bench.verifier.ready()
    t.strictSame(bench.verifier.stats().jwks.kids, ['one'])
  })
  t.test('the metadata name the algorithms of access tokens, which may be others', async (t) => {
    const bench = createBench(t, [])
    const rsa = await createTestKey('rsa', 'RS256')
    const named = (...algorithms: string[]) =>
      metadata({
        id_token_signing_alg_values_supported: ['EdDSA'],
        access_token_signing_alg_values_supported: algorithms,
      })
    bench.answers[METADATA] = named('ES256')
    bench.answers['/keys'] = jwksOf([one.jwk, rsa.jwk], { etag: '"a"' })
    await bench.verifier.ready()
    t.strictSame(bench.verifier.stats().jwks.kids, ['one'])
    bench.answers[METADATA] = named('ES256', 'RS256')
    t.ok(
      await bench.verifier.verify(await tokenNow(bench, rsa)),
      'they are asked for an unknown key',
    )
    t.equal(bench.requests.at(-1)?.headers.get('if-none-match'), null, 'and the keys sent again')
    bench.answers[METADATA] = named('RS256')
    bench.clock.advance(86_400)
    await bench.verifier.ready()
    await settle()
    t.strictSame(bench.verifier.stats().jwks.kids, ['rsa'], 'and after a day')
  })
  t.test('an issuer with a path, with or without a slash', async (t) => {
    const issuer = 'https://auth.example/tenant/'
    const bench = createBench(t, [], { issuer })
    bench.answers['/tenant/.well-known/jwks.json'] = jwksOf([one.jwk])
    t.ok(await bench.verifier.verify(await signToken(one, { iss: issuer })))
  })
})

t.test('keys of all algorithms, and unfit ones beside them', async (t) => {
  const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384'] as const
  const keys = await Promise.all(algorithms.map((alg) => createTestKey(alg, alg)))
  const [ec, rsa, , okp] = keys as [TestKey, TestKey, TestKey, TestKey]
  const weak = generateKeyPairSync('rsa', { modulusLength: 2047 }).publicKey.export({
    format: 'jwk',
  })
  const x = Buffer.alloc(32, 7).toString('base64url')
  const unfit = [
    { kty: 'oct', k: 'c2VjcmV0', kid: 'oct', alg: 'HS256', use: 'sig' },
    { kty: 'oct', k: 'c2VjcmV0', kid: 'oct as ES256', alg: 'ES256', use: 'sig' },
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].map((member) => ({
      ...rsa.jwk,
      kid: `private by ${member}`,
      [member]: 'AQAB',
    })),
    { ...weak, kid: 'weak', alg: 'RS256', use: 'sig' },
    { ...rsa.jwk, kid: 'e is 1', e: 'AQ' },
    { ...rsa.jwk, kid: 'e is 3', e: 'Aw' },
    { ...rsa.jwk, kid: 'e is even', e: 'AQAC' },
    { ...rsa.jwk, kid: 'e is long', e: 'AQAAAAAB' },
    { ...rsa.jwk, kid: 'e has a leading zero', e: 'AAEAAQ' },
    { ...rsa.jwk, kid: 'n has padding', n: `${rsa.jwk.n}=` },
    { ...rsa.jwk, kid: 'n is missing', n: undefined },
    { ...rsa.jwk, kid: 'n is enormous', n: Buffer.alloc(1025, 255).toString('base64url') },
    { ...ec.jwk, kid: 'on no curve', x, y: x },
    { ...ec.jwk, kid: 'wrong curve', crv: 'P-384' },
    { ...ec.jwk, kid: 'curve of another algorithm', alg: 'ES384' },
    { ...ec.jwk, kid: 'type of another algorithm', alg: 'RS256' },
    { ...ec.jwk, kid: 'alg missing', alg: undefined },
    { ...ec.jwk, kid: 'alg unknown', alg: 'ES256K' },
    { ...ec.jwk, kid: 'for encryption', use: 'enc' },
    { ...ec.jwk, kid: 'for wrapping', key_ops: ['wrapKey'] },
    { ...ec.jwk, kid: 'no list', key_ops: 'verify' },
    { ...okp.jwk, kid: 'another OKP', crv: 'X25519' },
    { ...ec.jwk, kid: undefined },
    { ...ec.jwk, kid: '' },
    { ...ec.jwk, kid: 7 },
    { ...ec.jwk, kid: 'x'.repeat(257) },
    { ...ec.jwk, kid: 'twice' },
    { ...okp.jwk, kid: 'twice' },
    null,
    'key',
    7,
  ]
  const longest = 'x'.repeat(256)
  const bench = createBench(t, [])
  bench.answers[JWKS] = jwksOf([
    ...unfit,
    ...keys.map(({ jwk }) => jwk),
    { ...ec.jwk, kid: 'without use', use: undefined, key_ops: ['verify'], ext: true },
    { ...ec.jwk, kid: longest },
    { ...rsa.jwk, kid: 'largest n', n: Buffer.alloc(1024, 255).toString('base64url') },
    { ...rsa.jwk, kid: 'longest e', e: 'AQAAAQ' },
  ])
  await bench.verifier.ready()
  t.strictSame(bench.verifier.stats().jwks.kids, [
    ...algorithms,
    'without use',
    longest,
    'largest n',
    'longest e',
  ])
  for (const key of keys) {
    const token = await signToken(key)
    t.equal((await bench.verifier.verify(token)).header.alg, key.alg)
    // Several at once take another way than one alone.
    await Promise.all([token, token].map((same) => bench.verifier.verify(same)))
    const forged = `${token.slice(0, -8)}AAAAAAAA`
    const errors = [forged, forged].map((same) => refusal(bench.verifier.verify(same)))
    for (const error of await Promise.all(errors)) t.equal(error.code, 'signature_invalid', key.alg)
  }
  const chosen = createBench(t, keys, { algorithms: ['EdDSA'] }).verifier
  for (const key of keys) {
    const verdict = await chosen.verify(await signToken(key)).catch(({ code }) => code)
    if (key.alg === 'EdDSA') t.equal(verdict.header.alg, 'EdDSA')
    else t.equal(verdict, 'alg_not_allowed', 'those that were asked for')
  }
})

t.test('a key that loses its alg by accident stays as it was', async (t) => {
  const still = { ...one.jwk, alg: undefined }
  const sets: [what: string, keys: object[], kids: string[]][] = [
    ['it lacks alg', [still, two.jwk], ['one', 'two']],
    ['another has its name', [{ ...two.jwk, kid: 'one', alg: undefined }, two.jwk], ['two']],
    ['it is private no more', [{ ...still, d: 'AQAB' }, two.jwk], ['two']],
    ['it is gone', [two.jwk], ['two']],
  ]
  for (const [what, keys, kids] of sets) {
    const bench = createBench(t, [one])
    await bench.verifier.ready()
    bench.answers[JWKS] = jwksOf(keys)
    bench.clock.advance(450)
    await bench.verifier.ready()
    await settle()
    t.strictSame(bench.verifier.stats().jwks.kids, kids, what)
  }
})

t.test('a fetch for an unknown key is not tried again', async (t) => {
  const bench = createBench(t, [one], { retries: 3 })
  await bench.verifier.ready()
  bench.answers[JWKS] = none
  t.equal((await refusal(bench.verifier.verify(await tokenNow(bench, two)))).status, 503)
  t.equal(bench.jwksRequests(), 2)
})

t.test('many first tokens share one fetch', async (t) => {
  const bench = createBench(t, [one])
  const token = await signToken(one)
  await Promise.all(Array.from({ length: 50 }, () => bench.verifier.verify(token)))
  t.equal(bench.jwksRequests(), 1)
})

t.test('a set is renewed in good time, in the background', async (t) => {
  const bench = createBench(t, [one])
  let etag: string | null | undefined
  bench.answers[JWKS] = () =>
    Response.json(
      { keys: [one.jwk] },
      { headers: { etag: '"a"', 'cache-control': 'public, max-age=300' } },
    )
  await bench.verifier.verify(await tokenNow(bench, one))
  t.notOk(bench.requests.at(-1)?.headers.has('if-none-match'), 'nothing was there before')
  bench.clock.advance(224)
  await bench.verifier.verify(await tokenNow(bench, one))
  await settle()
  t.equal(bench.jwksRequests(), 1, 'young enough')
  bench.clock.advance(1)
  bench.answers[JWKS] = () => {
    etag = bench.requests.at(-1)?.headers.get('if-none-match')
    return new Response(null, { status: 304, headers: { 'cache-control': 'max-age=1200' } })
  }
  await Promise.all([1, 2, 3].map(async () => bench.verifier.verify(await tokenNow(bench, one))))
  await settle()
  t.equal(bench.jwksRequests(), 2, 'at three quarters of its age')
  t.equal(etag, '"a"', 'if it has changed')
  t.equal(bench.verifier.stats().jwks.ageSeconds, 0)
  bench.clock.advance(899)
  await bench.verifier.verify(await tokenNow(bench, one))
  await settle()
  t.equal(bench.jwksRequests(), 2, 'the new age counts')
  bench.clock.advance(1)
  bench.answers[JWKS] = jwksOf([two.jwk], { 'cache-control': 'no-store, max-age=5' })
  await bench.verifier.verify(await tokenNow(bench, one))
  await settle()
  t.strictSame(
    bench.verifier.stats().jwks.kids,
    ['two'],
    'a key that is gone is not taken any more',
  )
  t.equal((await refusal(bench.verifier.verify(await tokenNow(bench, one)))).code, 'kid_unknown')
})

t.test('no age is believed that is too short or too long', async (t) => {
  const ages: [header: string | undefined, renewedAfter: number, age?: string][] = [
    ['max-age=600', 300, '200'],
    ['max-age=600', 45, '590'],
    ['max-age=600', 450, 'long'],
    ['max-age=1', 45],
    ['max-age=99999999', 64_800],
    ['max-age="600"', 450],
    ['s-maxage=9000', 75],
    ['no-cache', 75],
    [undefined, 75],
  ]
  for (const [header, renewedAfter, age] of ages) {
    const bench = createBench(t, [one], { jwksMaxAge: 100 })
    bench.answers[JWKS] = jwksOf([one.jwk], {
      ...(header !== undefined && { 'cache-control': header }),
      ...(age !== undefined && { age }),
    })
    await bench.verifier.ready()
    bench.clock.advance(renewedAfter - 1)
    await bench.verifier.ready()
    await settle()
    t.equal(bench.jwksRequests(), 1, `${header}: not yet`)
    bench.clock.advance(1)
    await bench.verifier.ready()
    await settle()
    t.equal(bench.jwksRequests(), 2, `${header}: now`)
  }
})

t.test('an unknown key', async (t) => {
  t.test('is fetched once, and then there is a pause', async (t) => {
    const bench = createBench(t, [one])
    await bench.verifier.ready()
    const kids = Array.from({ length: 200 }, (_, index) => `kid-${index}`)
    const flood = async (expected: string) => {
      const tokens = await Promise.all(kids.map((kid) => tokenNow(bench, one, { kid })))
      const errors = await Promise.all(tokens.map((token) => refusal(bench.verifier.verify(token))))
      t.ok(errors.every(({ code }) => code === expected))
    }
    await flood('kid_unknown')
    t.equal(bench.jwksRequests(), 2)
    bench.clock.advance(29)
    await flood('jwks_unavailable')
    t.equal(bench.jwksRequests(), 2, 'not within 30 s')
    t.ok(await bench.verifier.verify(await tokenNow(bench, one)), 'known ones are not concerned')
    bench.clock.advance(1)
    kids.push('another')
    await flood('kid_unknown')
    t.equal(bench.jwksRequests(), 3, 'then once more')
  })
  t.test('that was looked for in vain is not looked for at once', async (t) => {
    const bench = createBench(t, [one])
    await bench.verifier.ready()
    const token = await tokenNow(bench, two)
    const unknown = async () => (await refusal(bench.verifier.verify(token))).code
    t.equal(await unknown(), 'kid_unknown')
    bench.clock.advance(59)
    t.equal(await unknown(), 'kid_unknown')
    t.equal(bench.jwksRequests(), 2)
    bench.clock.advance(1)
    bench.answers[JWKS] = jwksOf([one.jwk, two.jwk])
    t.ok(await bench.verifier.verify(token), 'it is there by now')
    t.equal(bench.jwksRequests(), 3)
  })
  t.test('that signs since it was looked for in vain is looked for again', async (t) => {
    const bench = createBench(t, [one])
    await bench.verifier.ready()
    await refusal(bench.verifier.verify(await tokenNow(bench, two)))
    bench.answers[JWKS] = jwksOf([one.jwk, two.jwk])
    bench.clock.advance(30)
    t.ok(await bench.verifier.verify(await tokenNow(bench, two)))
  })
  t.test('of a token that is younger than the answer of the issuer is not 401', async (t) => {
    const bench = createBench(t, [one])
    await bench.verifier.ready()
    const old = await tokenNow(bench, one, { kid: 'old' })
    bench.clock.advance(9)
    const recent = await tokenNow(bench, one, { kid: 'recent' })
    const noInstant = await signToken(one, { iat: 'now' }, { kid: 'no instant' })
    bench.clock.advance(1)
    const codeOf = async (token: string) => (await refusal(bench.verifier.verify(token))).code
    t.equal(await codeOf(await tokenNow(bench, one, { kid: 'junk' })), 'kid_unknown')
    bench.answers[JWKS] = jwksOf([one.jwk, two.jwk])
    t.equal(await codeOf(old), 'kid_unknown', 'asked 10 s after it was made')
    t.equal(await codeOf(recent), 'jwks_unavailable', 'asked 1 s after it was made')
    t.equal(await codeOf(noInstant), 'kid_unknown', 'what says nothing counts as old')
    bench.clock.advance(7)
    const error = await refusal(bench.verifier.verify(await tokenNow(bench, two)))
    t.match(error, { code: 'jwks_unavailable', status: 503, retryAfterSeconds: 23 })
    t.match(error.actual, /before the token was made/)
    bench.clock.advance(error.retryAfterSeconds ?? 0)
    t.ok(await bench.verifier.verify(await tokenNow(bench, two)), 'good as it was told')
    t.equal(bench.jwksRequests(), 3)
  })
  t.test('that was only refused in the pause is looked for after it', async (t) => {
    const bench = createBench(t, [one])
    await bench.verifier.ready()
    await refusal(bench.verifier.verify(await tokenNow(bench, one, { kid: 'junk' })))
    bench.answers[JWKS] = jwksOf([one.jwk, two.jwk])
    for (let second = 0; second < 30; second += 1) {
      t.equal((await refusal(bench.verifier.verify(await tokenNow(bench, two)))).status, 503)
      bench.clock.advance(1)
    }
    t.ok(await bench.verifier.verify(await tokenNow(bench, two)))
  })
  t.test('that has come since is taken at once', async (t) => {
    const bench = createBench(t, [one])
    await bench.verifier.ready()
    bench.answers[JWKS] = jwksOf([one.jwk, two.jwk])
    t.ok(await bench.verifier.verify(await tokenNow(bench, two)))
    t.equal(bench.jwksRequests(), 2)
  })
  t.test('as the very first one costs one fetch as well', async (t) => {
    const bench = createBench(t, [one])
    const kids = Array.from({ length: 50 }, (_, index) => `kid-${index}`)
    for (const kid of kids) {
      const token = await signToken(one, { iat: NOW - 10 }, { kid })
      t.equal((await refusal(bench.verifier.verify(token))).code, 'kid_unknown')
    }
    t.equal(bench.jwksRequests(), 1)
  })
  t.test('while the issuer cannot be reached is our trouble', async (t) => {
    const bench = createBench(t, [one])
    await bench.verifier.ready()
    bench.answers[JWKS] = none
    for (let index = 0; index < 20; index += 1) {
      const error = await refusal(
        bench.verifier.verify(await tokenNow(bench, one, { kid: `kid-${index}` })),
      )
      t.strictSame([error.code, error.status], ['jwks_unavailable', 503])
    }
    t.equal(bench.jwksRequests(), 2, 'and is asked for once')
    t.ok(await bench.verifier.verify(await tokenNow(bench, one)), 'known ones are not concerned')
    bench.answers[JWKS] = jwksOf([one.jwk])
    bench.clock.advance(30)
    const error = await refusal(bench.verifier.verify(await tokenNow(bench, one, { kid: 'kid-1' })))
    t.equal(error.code, 'kid_unknown', 'and is the fault of the token when it can')
  })
  t.test('remembers no more than a thousand of them', async (t) => {
    const bench = createBench(t, [one], { unknownKidCooldown: 10 })
    await bench.verifier.ready()
    const kids = Array.from({ length: 1001 }, (_, index) => `kid-${index}`)
    const tokens = await Promise.all(kids.map((kid) => tokenNow(bench, one, { kid })))
    // All wait for the one fetch, which brings none of them.
    await Promise.all(tokens.map((token) => refusal(bench.verifier.verify(token))))
    bench.clock.advance(10)
    await refusal(bench.verifier.verify(tokens[1000] as string))
    t.equal(bench.jwksRequests(), 2, 'the last one is remembered')
    await refusal(bench.verifier.verify(tokens[0] as string))
    t.equal(bench.jwksRequests(), 3, 'the first one is not')
  })
})

t.test('whatever the issuer answers in an outage, keys stay for a day', async (t) => {
  const outages: Record<string, () => Response | Promise<Response>> = {
    'an error': () => new Response('oops', { status: 500 }),
    'not found': () => new Response('', { status: 404 }),
    'an error with keys in it': () => Response.json({ keys: [two.jwk] }, { status: 500 }),
    'a page': () => new Response('<!doctype html><h1>Maintenance</h1>'),
    'an empty set': jwksOf([]),
    'a set of unfit keys': jwksOf([{ ...one.jwk, use: 'enc' }]),
    'no set': () => Response.json({ error: 'no' }),
    'a list': () => Response.json([one.jwk]),
    null: () => Response.json(null),
    'half a set': () => new Response('{"keys":['),
    'more than a megabyte': () =>
      Response.json({ keys: [one.jwk], padding: 'x'.repeat(1_048_576) }),
    'a redirect': () => Response.redirect('https://evil.example/', 302),
    'not modified, though nothing was said of it': () => new Response(null, { status: 304 }),
    nothing: unreachable,
  }
  for (const [what, answer] of Object.entries(outages)) {
    t.test(what, async (t) => {
      const events: StaleEvent[] = []
      const bench = createBench(t, [one], { onStale: (event) => events.push(event) })
      await bench.verifier.verify(await tokenNow(bench, one))
      bench.answers[JWKS] = answer
      await verifyUntil(bench, 450)
      t.equal(bench.verifier.stats().jwks.failures, 1, 'it was tried')
      await verifyUntil(bench, 479)
      t.equal(bench.verifier.stats().jwks.failures, 1, 'and not with every token')
      await verifyUntil(bench, 480)
      t.equal(bench.verifier.stats().jwks.failures, 2, 'but again after a pause')
      t.strictSame(events, [], 'and is no matter yet')
      await verifyUntil(bench, 600)
      t.match(events, [{ what: 'jwks', stale: true, ageSeconds: 600 }])
      t.type(events[0]?.reason, 'string')
      await verifyUntil(bench, 600 + 86_400 - 1)
      t.equal(events.length, 1, 'it is told once')
      t.ok(bench.verifier.stats().jwks.stale)
      bench.clock.advance(1)
      const error = await refusal(bench.verifier.verify(await tokenNow(bench, one)))
      t.strictSame([error.code, error.status], ['jwks_unavailable', 503], 'a day is the limit')
      t.ok((error.retryAfterSeconds ?? 0) >= 1)
      t.equal(error.wwwAuthenticate, undefined)
      bench.answers[JWKS] = jwksOf([one.jwk])
      bench.clock.advance(30)
      t.ok(await bench.verifier.verify(await tokenNow(bench, one)))
      t.match(events.slice(1), [{ what: 'jwks', stale: false, ageSeconds: 0, reason: undefined }])
      t.notOk(bench.verifier.stats().jwks.stale)
    })
  }
})

/** Goes on to so many seconds after the beginning, and verifies there. */
async function verifyUntil(bench: Bench, second: number): Promise<void> {
  bench.clock.advance(NOW + second - bench.clock.now() / 1000)
  await bench.verifier.verify(await tokenNow(bench, one))
  await settle()
}

t.test('an issuer that does not answer', async (t) => {
  t.test('keeps nobody waiting for all the retries, and is not given up', async (t) => {
    const bench = createBench(t, [one], { timeout: 30, retries: 9 })
    bench.answers[METADATA] = () => new Promise(() => {})
    const error = await refusal(bench.verifier.verify(await tokenNow(bench, one)))
    t.match(error, { code: 'jwks_unavailable', actual: 'no answer yet after 30 ms' })
    t.equal(bench.verifier.stats().jwks.failures, 0, 'the fetch goes on')
  })
  t.test('is not waited for any more by who closes', async (t) => {
    const events: StaleEvent[] = []
    const bench = createBench(t, [one], { onStale: (event) => events.push(event), timeout: 60_000 })
    bench.answers[JWKS] = () =>
      new Promise((_resolve, reject) => {
        bench.requests.at(-1)?.signal.addEventListener('abort', () => reject(new Error('aborted')))
      })
    const asked = refusal(bench.verifier.verify(await tokenNow(bench, one)))
    await settle()
    bench.verifier.close()
    t.equal((await asked).code, 'jwks_unavailable')
    t.ok(bench.requests.at(-1)?.signal.aborted, 'its connection is let go of')
    t.strictSame(events, [], 'and nobody is alarmed')
  })
})

t.test('a start without the issuer', async (t) => {
  t.test('is 503, and not asked for again at once', async (t) => {
    const events: StaleEvent[] = []
    const bench = createBench(t, [one], { onStale: (event) => events.push(event) })
    bench.answers[JWKS] = unreachable
    for (let index = 0; index < 5; index += 1) {
      const error = await refusal(bench.verifier.verify(await tokenNow(bench, one)))
      t.strictSame(
        [error.code, error.status, error.retryAfterSeconds],
        ['jwks_unavailable', 503, 1],
      )
      t.match(error.actual, 'ECONNREFUSED')
    }
    t.equal(bench.jwksRequests(), 1)
    t.match(events, [{ what: 'jwks', stale: true, ageSeconds: undefined }])
    await t.rejects(bench.verifier.ready(), { code: 'jwks_unavailable' })
    t.equal(bench.jwksRequests(), 2, 'who asks for it is not put off')
    for (const pause of [2, 4, 8, 16, 30, 30]) {
      bench.clock.advance(pause)
      t.equal(
        (await refusal(bench.verifier.verify(await tokenNow(bench, one)))).status,
        503,
        `asked again after ${pause} s`,
      )
    }
    t.equal(bench.jwksRequests(), 8)
    bench.answers[JWKS] = jwksOf([one.jwk])
    bench.clock.advance(30)
    t.ok(await bench.verifier.verify(await tokenNow(bench, one)))
    t.match(events[1], { what: 'jwks', stale: false })
  })
  t.test('uses the keys that it was given', async (t) => {
    const bench = createBench(t, [], { jwks: { keys: [one.jwk] } })
    bench.answers[JWKS] = none
    t.ok(await bench.verifier.verify(await tokenNow(bench, one)))
    await settle()
    t.equal(bench.jwksRequests(), 1, 'and asks for the real ones')
    const error = await refusal(bench.verifier.verify(await tokenNow(bench, two)))
    t.equal(error.code, 'jwks_unavailable', 'others may be there')
    bench.clock.advance(86_399)
    t.ok(await bench.verifier.verify(await tokenNow(bench, one)), 'for a day')
    bench.clock.advance(1)
    t.equal((await refusal(bench.verifier.verify(await tokenNow(bench, one)))).status, 503)
  })
  t.test('given keys make room for the real ones', async (t) => {
    const bench = createBench(t, [two], { jwks: { keys: [one.jwk] } })
    await bench.verifier.ready()
    await settle()
    t.strictSame(bench.verifier.stats().jwks.kids, ['two'])
    t.equal((await refusal(bench.verifier.verify(await tokenNow(bench, one)))).code, 'kid_unknown')
  })
})

t.test('the keys of a service that nobody calls', async (t) => {
  /** A set of keys with its timers in our hands. */
  const begin = () => {
    let now = NOW * 1000
    let fetches = 0
    const timers: { run: () => void; wait: number; isOff: boolean }[] = []
    const key: VerifyKey = { kid: 'one', alg: 'ES256', material: '', verify: () => true }
    const set = createKeySet({
      source: async () => {
        fetches += 1
        return { keys: new Map([['one', key]]), etag: undefined, maxAge: 600 }
      },
      seed: undefined,
      jwksMaxAge: 600,
      staleIfError: 86_400,
      unknownKidCooldown: 30,
      patience: 3000,
      clock: () => now,
      onStale: () => {},
      schedule: (run, wait) => {
        const timer = { run, wait, isOff: false }
        timers.push(timer)
        return () => {
          timer.isOff = true
        }
      },
    })
    const advance = (seconds: number) => {
      now += seconds * 1000
    }
    return { set, timers, advance, fetches: () => fetches }
  }
  const waiting = ({ timers }: ReturnType<typeof begin>) => timers.filter(({ isOff }) => !isOff)

  t.test('do not grow old', async (t) => {
    const bench = begin()
    await bench.set.ready()
    await settle()
    t.match(waiting(bench), [{ wait: 450_000 }])
    bench.advance(450)
    bench.timers[0]?.run()
    t.equal(bench.fetches(), 2, 'at three quarters of their age')
    bench.set.find('one')
    t.equal(bench.fetches(), 2, 'one fetch at a time')
    await settle()
    t.match(waiting(bench), [{ wait: 450_000 }], 'one timer at a time')
  })
  t.test('are not fetched by a timer that comes too early', async (t) => {
    const bench = begin()
    await bench.set.ready()
    await settle()
    bench.advance(449.9)
    bench.timers[0]?.run()
    t.equal(bench.fetches(), 1)
    t.match(waiting(bench), [{ wait: 1000 }])
  })
  t.test('are left alone after close', async (t) => {
    const bench = begin()
    await bench.set.ready()
    await settle()
    bench.set.close()
    t.strictSame(waiting(bench), [])
    bench.advance(450)
    bench.timers[0]?.run()
    bench.set.find('one')
    await settle()
    t.equal(bench.fetches(), 1)
    t.strictSame(waiting(bench), [])
  })
  t.test('are fetched anew when one was revoked, with a pause', async (t) => {
    const bench = begin()
    await bench.set.ready()
    await settle()
    for (const expected of [2, 2, 2]) {
      bench.set.renew()
      await settle()
      t.equal(bench.fetches(), expected)
    }
    bench.advance(30)
    bench.set.renew()
    bench.set.renew()
    t.equal(bench.fetches(), 3)
  })
})
