import { type CryptoKey, importJWK } from 'jose'
import t, { type Test } from 'tap'
import { backoff, readRetryAfter } from '../../src/verifier/backoff.ts'
import { readBody } from '../../src/verifier/body.ts'
import { createFetcher } from '../../src/verifier/fetch.ts'
import { derOf } from '../../src/verifier/keys/der.ts'
import { createVerifyKey } from '../../src/verifier/keys/verify-key.ts'
import { createLru } from '../../src/verifier/lru.ts'
import { byTimers } from '../../src/verifier/schedule.ts'
import { askedScopes, readScope } from '../../src/verifier/scope.ts'
import { byAtob, decodeBase64url } from '../../src/verifier/token/base64url.ts'
import { createTokenCache } from '../../src/verifier/token-cache.ts'
import { createVerifier, type VerifierOptions } from '../../src/verifier/verifier.ts'
import {
  base64url,
  createBench,
  createTestKey,
  ISSUER,
  JWKS,
  jwksOf,
  NOW,
  ORDERS,
  refusal,
  settle,
  signTexts,
  signToken,
  type TestKey,
} from '../support/verifier.ts'

const [one, two] = await Promise.all([createTestKey('one'), createTestKey('two')])
const SID = '019aa6b5-7a00-7000-8000-000000000001'

t.test('options that are wrong are refused at once, and say what to do', async (t) => {
  const good = { issuer: ISSUER, audience: ORDERS }
  const wrong: [options: Record<string, unknown>, message: RegExp][] = [
    [{ issuer: undefined }, /^issuer is required/],
    [{ issuer: '' }, /^issuer/],
    [{ issuer: 'auth.example' }, /^issuer .* such as https:/],
    [{ issuer: 'ftp://auth.example' }, /^issuer/],
    [{ issuer: `${ISSUER}?a=b` }, /^issuer .* without query/],
    [{ issuer: `${ISSUER}#a` }, /^issuer/],
    [{ issuer: ` ${ISSUER}` }, /^issuer/],
    [{ issuer: `${ISSUER} ` }, /^issuer/],
    [{ issuer: [ISSUER] }, /^issuer/],
    [{ audience: undefined }, /^audience is required/],
    [{ audience: '' }, /^audience/],
    [{ audience: [] }, /^audience/],
    [{ audience: [ORDERS, ''] }, /^audience/],
    [{ audience: /orders/ }, /^audience/],
    [{ algorithms: ['HS256'] }, /^algorithms must be a list out of ES256/],
    [{ algorithms: ['ES256', 'none'] }, /^algorithms/],
    [{ algorithms: [] }, /^algorithms/],
    [{ algorithms: 'ES256' }, /^algorithms/],
    [{ typ: '' }, /^typ/],
    [{ typ: [] }, /^typ/],
    [{ jwksUri: 'auth.example/keys' }, /^jwksUri must be a URL/],
    [{ jwksUri: 'file:///etc/keys' }, /^jwksUri/],
    [{ jwks: [] }, /^jwks must be a JWK set/],
    [{ jwks: null }, /^jwks/],
    [{ clockTolerance: -1 }, /^clockTolerance must be a number from 0 to 600/],
    [{ clockTolerance: 601 }, /^clockTolerance/],
    [{ clockTolerance: '30' }, /^clockTolerance/],
    [{ clockTolerance: Number.NaN }, /^clockTolerance/],
    [{ maxTokenLifetime: 0 }, /^maxTokenLifetime/],
    [{ maxTokenSize: 100 }, /^maxTokenSize/],
    [{ jwksMaxAge: 0 }, /^jwksMaxAge/],
    [{ staleIfError: Number.POSITIVE_INFINITY }, /^staleIfError/],
    [{ unknownKidCooldown: 0 }, /^unknownKidCooldown/],
    [{ timeout: 0 }, /^timeout/],
    [{ retries: 11 }, /^retries/],
    [{ tokenCache: -1 }, /^tokenCache/],
    [{ tokenCache: true }, /^tokenCache/],
    [{ tokenCache: 0.5 }, /^tokenCache must be a whole number/],
    [{ revocation: 'push' }, /^revocation must be 'off'/],
    [{ revocation: null }, /^revocation/],
    [{ revocation: {} }, /^revocation/],
    [{ revocation: { by: 'poll', every: 3 } }, /^revocation.every is not an option/],
    [{ revocation: { by: 'poll', pollEvery: 0 } }, /^pollEvery/],
    [{ revocation: { by: 'poll', staleAfter: 0 } }, /^staleAfter/],
    [{ revocation: { by: 'poll', whenStale: 'shut' } }, /^revocation.whenStale/],
    [{ revocation: { by: 'poll', url: 'feed' } }, /^revocation.url/],
    [{ audiences: ORDERS }, /^audiences is not an option; there are issuer, audience/],
    [{ clock: 7 }, /^clock must be a function/],
    [{ fetch: 'fetch' }, /^fetch must be a function/],
    [{ onStale: {} }, /^onStale must be a function/],
    [{ onRefused: 1 }, /^onRefused must be a function/],
  ]
  for (const [options, message] of wrong) {
    const make = () => createVerifier({ ...good, ...options } as VerifierOptions)
    t.throws(make, { name: 'TypeError', message }, JSON.stringify(options))
  }
  t.throws(() => createVerifier(undefined as unknown as VerifierOptions), /issuer, audience/)
  t.throws(() => createVerifier(null as unknown as VerifierOptions), /issuer, audience/)
  const fine: Partial<VerifierOptions>[] = [
    { issuer: 'http://localhost:3000' },
    { issuer: 'http://auth.internal/tenant' },
    { audience: [ORDERS, 'stock'] },
    { revocation: 'off' },
    { revocation: 'feed' },
    { clockTolerance: 0, retries: 0, staleIfError: 0, tokenCache: 0 },
    { clockTolerance: undefined } as object,
  ]
  for (const options of fine) t.ok(createVerifier({ ...good, ...options }), JSON.stringify(options))
  t.equal(createVerifier(good).options.issuer, ISSUER)
})

t.test('tokens that come again', async (t) => {
  /** Whether the second time comes out of the cache, after something happened. */
  const again = async (t: Test, options: Partial<VerifierOptions> = {}) => {
    const bench = createBench(t, [one], { tokenCache: 10, ...options })
    const token = await signToken(one)
    await bench.verifier.verify(token)
    return { ...bench, token }
  }
  t.test('cost no signature', async (t) => {
    const { verifier, token } = await again(t)
    const first = await verifier.verify(token)
    t.equal(await verifier.verify(token), first, 'the same object')
    t.match(verifier.stats(), { verified: 3, fromCache: 2 })
    t.throws(() => Object.assign(first.claims, { sub: 'mallory' }), TypeError)
    t.throws(() => Object.assign(first.scopes, ['admin']), TypeError)
    t.throws(() => Object.assign(first.header, { kid: 'two' }), TypeError)
    t.throws(() => Object.assign(first, { claims: {} }), TypeError)
  })
  t.test('and are not remembered unless asked', async (t) => {
    const { verifier, token } = await again(t, { tokenCache: 0 })
    await verifier.verify(token)
    t.match(verifier.stats(), { verified: 2, fromCache: 0 })
  })
  t.test('still expire', async (t) => {
    const { verifier, token, clock } = await again(t)
    clock.advance(629)
    t.ok(await verifier.verify(token))
    t.equal(verifier.stats().fromCache, 1)
    clock.advance(1)
    t.equal((await refusal(verifier.verify(token))).code, 'token_expired')
    clock.advance(-1)
    t.ok(await verifier.verify(token))
    t.equal(verifier.stats().fromCache, 1, 'and were forgotten then')
  })
  t.test('still need the scope', async (t) => {
    const { verifier, token } = await again(t)
    t.equal((await refusal(verifier.verify(token, { scope: 'admin' }))).code, 'scope_missing')
    t.ok(await verifier.verify(token, { scope: 'orders:read' }))
    t.equal(verifier.stats().fromCache, 1, 'for less scope they are good')
  })
  t.test('fall with their key', async (t) => {
    const { verifier, token, clock, answers } = await again(t)
    answers[JWKS] = jwksOf([two.jwk])
    clock.advance(450)
    await verifier.verify(token)
    await settle()
    t.equal((await refusal(verifier.verify(token))).code, 'kid_unknown')
  })
  t.test('fall when another key takes the name', async (t) => {
    const { verifier, token, clock, answers } = await again(t)
    answers[JWKS] = jwksOf([{ ...two.jwk, kid: 'one' }])
    clock.advance(450)
    await verifier.verify(token)
    await settle()
    t.equal((await refusal(verifier.verify(token))).code, 'signature_invalid')
  })
  t.test('survive a fetch that brings the same keys', async (t) => {
    const { verifier, token, clock, jwksRequests } = await again(t)
    clock.advance(450)
    await verifier.verify(token)
    await settle()
    t.equal(jwksRequests(), 2)
    await verifier.verify(token)
    t.match(verifier.stats(), { verified: 3, fromCache: 2 })
  })
  t.test('are known by all of their bytes', async (t) => {
    const { verifier, token } = await again(t)
    const [header, payload, signature] = token.split('.') as [string, string, string]
    const forged = `${header}.${payload}.${base64url(Buffer.alloc(64, 1))}`
    for (const attempt of [forged, forged]) {
      t.equal((await refusal(verifier.verify(attempt))).code, 'signature_invalid')
    }
    // (R, n - S) is a good signature too: another token, with the same jti.
    const bytes = Buffer.from(signature, 'base64url')
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
    const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
    const twin = Buffer.concat([
      bytes.subarray(0, 32),
      Buffer.from(s.toString(16).padStart(64, '0'), 'hex'),
    ])
    await verifier.verify(`${header}.${payload}.${base64url(twin)}`)
    t.equal(verifier.stats().fromCache, 0)
  })
  t.test('are as many as were asked for', async (t) => {
    const { verifier, token } = await again(t, { tokenCache: 2 })
    const others = [await signToken(one, { jti: 'b' }), await signToken(one, { jti: 'c' })]
    for (const other of others) await verifier.verify(other)
    await verifier.verify(token)
    t.equal(verifier.stats().fromCache, 0, 'the oldest was forgotten')
    await verifier.verify(others[1] as string)
    t.equal(verifier.stats().fromCache, 1)
  })
  t.test('may be no strings', async (t) => {
    const { verifier } = await again(t)
    t.equal((await refusal(verifier.verify(undefined as unknown as string))).code, 'token_missing')
  })
})

/** A list of revocations of the issuer, as its feed answers. */
async function feedOf(key: TestKey, entries: object[], typ = 'revocations+jwt', iss = ISSUER) {
  const list = await signTexts(
    key,
    JSON.stringify({ alg: key.alg, kid: key.kid, typ }),
    JSON.stringify({ iss, as_of: NOW + 40, since: 0, seq: entries.length, more: false, entries }),
  )
  return () => new Response(list)
}
const FEED = '/.well-known/revocations'

t.test('what the feed says', async (t) => {
  const entries: [string, object, string][] = [
    ['session', { sid: SID, exp: NOW + 600 }, 'its session has ended'],
    ['token', { jti: 'Zk3vQ9sT1xW7aB2cZk3vQ9', exp: NOW + 600 }, 'the token itself was revoked'],
    ['user', { sub: 'alice', before: NOW + 1, exp: NOW + 600 }, "the user's sessions were cut off"],
    [
      'client',
      { client_id: 'web', before: NOW + 1, exp: NOW + 600 },
      "the client's sessions were cut off",
    ],
    ['key', { kid: 'one', exp: NOW + 600 }, 'the key that signed it was revoked'],
  ]
  for (const [what, entry, told] of entries) {
    t.test(`about a ${what}`, async (t) => {
      const bench = createBench(t, [one], {
        revocation: { by: 'poll', whenStale: 'closed' },
        tokenCache: 9,
      })
      const token = await signToken(one)
      bench.answers[FEED] = await feedOf(one, [])
      await bench.verifier.verify(token)
      await bench.verifier.verify(token)
      t.equal(bench.verifier.stats().fromCache, 1)
      bench.answers[FEED] = await feedOf(one, [entry])
      bench.clock.advance(40)
      await bench.verifier.verify(token)
      await settle()
      const error = await refusal(bench.verifier.verify(token))
      t.strictSame([error.code, error.status, error.actual], ['token_revoked', 401, told])
      t.equal(bench.verifier.stats().revocations.entries, 1)
      const { findings } = await bench.verifier.explain(token)
      t.match(
        findings.find(({ name }) => name === 'revocation'),
        { outcome: 'failed', actual: told },
      )
    })
  }
  t.test('about a key makes the keys be fetched', async (t) => {
    const bench = createBench(t, [one], { revocation: { by: 'poll', whenStale: 'closed' } })
    bench.answers[FEED] = await feedOf(one, [{ kid: 'one', exp: NOW + 600 }])
    await bench.verifier.ready()
    const token = await signToken(one)
    for (let index = 0; index < 5; index += 1) {
      t.equal((await refusal(bench.verifier.verify(token))).code, 'token_revoked')
    }
    await settle()
    t.equal(bench.jwksRequests(), 2, 'once')
  })
  const forged: Record<string, () => Promise<() => Response>> = {
    'signed by somebody else': () => feedOf({ ...two, kid: 'one' }, []),
    'of another kind': () => feedOf(one, [], 'at+jwt'),
    'of another issuer': () => feedOf(one, [], 'revocations+jwt', 'https://other.example'),
    'by an unknown key': () => feedOf(two, []),
  }
  for (const [what, feed] of Object.entries(forged)) {
    t.test(`is not believed ${what}`, async (t) => {
      const bench = createBench(t, [one], { revocation: { by: 'poll', whenStale: 'closed' } })
      bench.answers[FEED] = await feed()
      const error = await refusal(bench.verifier.verify(await signToken(one)))
      t.strictSame([error.code, error.status], ['revocations_stale', 503])
      t.ok(
        await bench.verifier.verify(await signToken(one), { whenRevocationsStale: 'open' }),
        'unless this call does not mind',
      )
    })
  }
  t.test('is no access token', async (t) => {
    const bench = createBench(t, [one])
    const list = await (await feedOf(one, []))().text()
    t.equal((await refusal(bench.verifier.verify(list))).code, 'typ_not_allowed')
  })
})

t.test('explain', async (t) => {
  const { verifier, clock } = createBench(t, [one])
  t.test('of a good token', async (t) => {
    const { good, code, findings, header, claims } = await verifier.explain(await signToken(one), {
      scope: 'orders:read',
    })
    t.strictSame([good, code], [true, undefined])
    t.equal(header?.kid, 'one')
    t.equal(claims?.sub, 'alice')
    t.strictSame(
      findings.filter(({ outcome }) => outcome !== 'passed').map(({ name }) => name),
      ['revocation'],
      'which was not asked for',
    )
    t.ok(
      findings.every((one) => one.expected !== '' && one.actual !== '' && one.code === undefined),
    )
  })
  t.test('goes on after a failure', async (t) => {
    const token = await signToken(two, {
      aud: 'https://stock.example',
      exp: NOW - 60,
      iat: NOW - 90,
    })
    const { good, code, findings } = await verifier.explain(token, { scope: 'admin' })
    t.strictSame([good, code], [false, 'kid_unknown'])
    const failed = findings.filter(({ outcome }) => outcome === 'failed')
    t.strictSame(
      failed.map((finding) => [finding.name, finding.code]),
      [
        ['key', 'kid_unknown'],
        ['aud', 'audience_mismatch'],
        ['exp', 'token_expired'],
        ['scope', 'scope_missing'],
      ],
    )
    t.match(failed[1], {
      expected: `"${ORDERS}"`,
      actual: '"https://stock.example"',
      hint: /resource/,
    })
    t.strictSame(
      findings.filter(({ outcome }) => outcome === 'skipped').map(({ name }) => name),
      ["the key's algorithm", 'signature', 'revocation'],
    )
  })
  t.test('skips what cannot be looked at', async (t) => {
    const skipped = async (claims: Record<string, unknown>) => {
      const { findings } = await verifier.explain(await signToken(one, claims))
      return findings
        .filter(({ actual }) => actual === 'nothing to look at')
        .map(({ name }) => name)
    }
    t.strictSame(await skipped({ iat: undefined }), ['lifetime', 'iat', 'exp'])
    t.strictSame(await skipped({ exp: 'soon' }), ['lifetime', 'iat', 'exp'])
    t.strictSame(await skipped({ sid: 7 }), ['revocation'])
    t.strictSame(await skipped({ jti: undefined }), ['revocation'])
    const { findings, header, claims } = await verifier.explain('not.a.token')
    t.strictSame([header, claims], [undefined, undefined])
    t.match(findings[1], { name: 'form', outcome: 'failed', code: 'token_malformed' })
    t.ok(findings.slice(2).every(({ outcome }) => outcome === 'skipped'))
  })
  t.test('counts nothing and tells nobody', async (t) => {
    const before = verifier.stats()
    clock.advance(0)
    await verifier.explain('x')
    t.strictSame(verifier.stats(), before)
  })
})

t.test('what was refused is counted and told', async (t) => {
  const heard: Error[] = []
  const { verifier } = createBench(t, [one], {
    onRefused(error) {
      heard.push(error)
      throw new Error('the log is full')
    },
    onStale() {
      throw new Error('the log is full')
    },
  })
  await refusal(verifier.verify('x'))
  await refusal(verifier.verify('y'))
  await refusal(verifier.verify(await signToken(one), { scope: 'admin' }))
  await verifier.verify(await signToken(one))
  t.match(verifier.stats(), {
    verified: 1,
    fromCache: 0,
    refused: { token_malformed: 2, scope_missing: 1 },
    jwks: { kids: ['one'], fetches: 1, failures: 0, ageSeconds: 0, stale: false },
    revocations: { by: 'off' },
  })
  t.equal(heard.length, 3)
  const token = await signToken(one, { aud: 'x' })
  const error = await refusal(verifier.verify(token))
  const told = JSON.stringify({ ...error, message: error.message, stack: error.stack })
  for (const part of token.split('.')) t.notOk(told.includes(part), 'no part of the token is told')
})

t.test('who does not listen is warned once on the console', async (t) => {
  const { warn } = console
  const lines: string[] = []
  console.warn = (line: string) => lines.push(line)
  t.teardown(() => Object.assign(console, { warn }))
  const bench = createBench(t, [one])
  const good = bench.answers[JWKS] as () => Response
  bench.answers[JWKS] = () => new Response('', { status: 503 })
  const token = await signToken(one)
  for (let time = 0; time < 2; time += 1) await refusal(bench.verifier.verify(token))
  bench.answers[JWKS] = good
  bench.clock.advance(30)
  await bench.verifier.verify(token)
  t.match(lines, [/jwks are stale \(never had\): .* answered 503/, /jwks are fresh again/])
  t.equal(lines.length, 2)
})

t.test('who listens and fails later harms nobody', async (t) => {
  const unheard: unknown[] = []
  const hear = (reason: unknown) => unheard.push(reason)
  process.on('unhandledRejection', hear)
  t.teardown(() => process.off('unhandledRejection', hear))
  const fails = () => Promise.reject(new Error('the log is full'))
  const bench = createBench(t, [one], { onRefused: fails, onStale: fails })
  bench.answers[JWKS] = () => new Response('', { status: 503 })
  t.equal((await refusal(bench.verifier.verify(await signToken(one)))).status, 503)
  await settle()
  t.strictSame(unheard, [])
})

t.test('a fetch', async (t) => {
  // Its waits do not keep the process alive; the test does.
  const alive = setInterval(() => {}, 60_000)
  t.teardown(() => clearInterval(alive))
  /** Answers one after the other; functions may throw. */
  const fetching = (answers: (() => Response | Promise<Response>)[], retries = 2) => {
    const calls: RequestInit[] = []
    const fetch = (async (_url: string, init: RequestInit) => {
      calls.push(init)
      return (answers[calls.length - 1] as () => Response)()
    }) as typeof globalThis.fetch
    return { calls, fetcher: createFetcher({ fetch, timeout: 20, retries, random: () => 0 }) }
  }
  const answer = (status: number) => () => new Response(null, { status })
  const reset = () =>
    Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }))

  t.test('is tried again when the server or the network failed', async (t) => {
    for (const failure of [answer(500), answer(503), answer(429), reset]) {
      const { fetcher, calls } = fetching([failure, failure, answer(200)])
      t.equal((await fetcher('https://auth.example/')).status, 200)
      t.equal(calls.length, 3)
    }
  })
  t.test('is not tried again for ever', async (t) => {
    const failed = fetching([answer(500), answer(500), answer(503)])
    t.equal((await failed.fetcher('https://auth.example/')).status, 503, 'the last answer is given')
    const broken = fetching([reset, reset, reset])
    await t.rejects(broken.fetcher('https://auth.example/'), /could not be reached: ECONNRESET/)
    t.equal(broken.calls.length, 3)
  })
  t.test('is tried once when trying again would not help', async (t) => {
    for (const status of [200, 304, 400, 404]) {
      const { fetcher, calls } = fetching([answer(status)])
      t.equal((await fetcher('https://auth.example/')).status, status)
      t.equal(calls.length, 1)
    }
    for (const status of [301, 302, 303, 307, 308]) {
      const { fetcher, calls } = fetching([answer(status)])
      await t.rejects(fetcher('https://auth.example/'), /leads elsewhere/)
      t.equal(calls.length, 1)
      t.equal(calls[0]?.redirect, 'manual')
    }
    const { fetcher, calls } = fetching([answer(500)])
    t.equal((await fetcher('https://auth.example/', { method: 'POST', body: 'a=b' })).status, 500)
    t.match(calls, [{ method: 'POST', body: 'a=b' }])
  })
  t.test('has its time', async (t) => {
    const abortable = (_url: string, { signal }: RequestInit) =>
      new Promise<Response>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
      })
    const fetch = abortable as unknown as typeof globalThis.fetch
    const hasty = createFetcher({ fetch, timeout: 1, retries: 1, random: () => 0 })
    await t.rejects(hasty('https://auth.example/'), /did not answer within 1 ms/)
    const patient = createFetcher({ fetch, timeout: 60_000, retries: 5 })
    const stop = new AbortController()
    const asked = patient('https://auth.example/', { signal: stop.signal })
    stop.abort()
    await t.rejects(asked, /not asked any more/)
    const closing = new AbortController()
    const failing = (async () => new Response(null, { status: 503 })) as typeof globalThis.fetch
    const settings = { timeout: 60_000, retries: 9, random: () => 1e6, signal: closing.signal }
    const waiting = createFetcher({ ...settings, fetch: failing })('https://auth.example/')
    const open = createFetcher({ ...settings, fetch })('https://auth.example/', {
      signal: AbortSignal.any([]),
    })
    await settle()
    closing.abort()
    await t.rejects(open, /not asked any more/, 'nor when whoever made it closes')
    await waiting.then(
      () => t.fail('a closed fetcher answered'),
      () => t.pass('nor while it waits'),
    )
  })
})

t.test('where there is no Node', async (t) => {
  t.test('base64url is as strict', async (t) => {
    for (let length = 0; length < 70; length += 1) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) % 256)
      const text = base64url(bytes)
      t.strictSame(decodeBase64url(text, byAtob), bytes)
      t.strictSame(new Uint8Array(decodeBase64url(text) ?? []), bytes)
    }
    for (const bad of [
      'A',
      'AB',
      'AAB',
      'AA=',
      'AA==',
      '+A',
      '/A',
      'A A',
      'AA\n',
      ' AA',
      'é',
      '😀',
    ]) {
      t.equal(decodeBase64url(bad, byAtob), undefined, JSON.stringify(bad))
      t.equal(decodeBase64url(bad), undefined, JSON.stringify(bad))
    }
  })
  t.test('signatures are verified by WebCrypto', async (t) => {
    for (const alg of ['ES256', 'EdDSA'] as const) {
      const { jwk, sign } = await createTestKey('key', alg)
      const imported = (await importJWK(jwk, alg)) as CryptoKey
      const key = createVerifyKey({ kid: 'key', alg, material: '' }, imported, null)
      const bytes = new TextEncoder().encode('signed')
      const signature = await sign('signed')
      t.equal(await key.verify(bytes, signature), true)
      t.equal(await key.verify(bytes, signature.subarray(1)), false)
      t.equal(await key.verify(new TextEncoder().encode('other'), signature), false)
      const unfit = createVerifyKey({ kid: 'key', alg: 'RS256', material: '' }, imported, null)
      t.equal(await unfit.verify(bytes, signature), false, 'what cannot be verified is not good')
    }
  })
  t.test('tokens have names in the cache all the same', async (t) => {
    const { nameOf } = createTokenCache(1, null)
    const names = await Promise.all(['a', 'b', 'a'].map((token) => nameOf(token)))
    t.equal(names[0]?.length, 32, 'of 256 bits')
    t.equal(names[0], names[2])
    t.not(names[0], names[1])
    t.equal(
      Buffer.from(names[0] as string, 'latin1').toString('base64url'),
      createTokenCache(1).nameOf('a'),
    )
  })
})

t.test('an LRU forgets what was not asked for the longest', async (t) => {
  const lru = createLru<number>(2)
  lru.set('a', 1)
  lru.set('b', 2)
  t.equal(lru.get('a'), 1)
  lru.set('c', 3)
  t.strictSame([lru.get('a'), lru.get('b'), lru.get('c')], [1, undefined, 3])
  lru.set('a', 4)
  t.strictSame([lru.get('a'), lru.get('c')], [4, 3], 'the same name takes no more room')
  lru.set('a', 5)
  lru.set('b', 6)
  t.strictSame([lru.get('a'), lru.get('b'), lru.get('c')], [5, 6, undefined], 'and is new again')
  lru.delete('a')
  t.equal(lru.get('a'), undefined)
})

t.test('ECDSA signatures in DER', async (t) => {
  const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
  const der = (text: string) => Buffer.from(derOf(hex(text), 2) ?? []).toString('hex')
  t.equal(der('01020304'), '3008020201020202' + '0304')
  t.equal(der('80027fff'), '3009020300' + '8002' + '0202' + '7fff', 'the first bit is no sign')
  t.equal(der('00050080'), '3007020105' + '02020080', 'no leading zeros but for the sign')
  t.equal(der('00000000'), '3006020100020100')
  for (const wrong of ['', '010203', '0102030405']) t.equal(derOf(hex(wrong), 2), undefined)
})

t.test('a timer', async (t) => {
  const alive = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length
  t.test('runs, and keeps no process alive', async (t) => {
    const before = alive()
    const ran = new Promise<void>((resolve) => byTimers(resolve, 1))
    t.equal(alive(), before)
    const held = setTimeout(() => {}, 5_000)
    await ran
    clearTimeout(held)
  })
  t.test('can be called off', async (t) => {
    byTimers(() => t.fail('it ran'), 1)()
    // Timers of one length end in their order.
    await new Promise((resolve) => setTimeout(resolve, 1))
  })
  t.test('may be a number, as in browsers', async (t) => {
    t.intercept(globalThis, 'setTimeout', { value: () => 7 })
    t.doesNotThrow(() => byTimers(() => {}, 1))
  })
})

t.test('how long to wait', async (t) => {
  const waits = [1, 2, 3, 4, 40].map((failures) => backoff(failures, 2, 30, () => 0.5))
  t.strictSame(waits, [1.5, 3, 6, 12, 22.5], 'twice as long after each failure, up to a limit')
  t.strictSame(
    [backoff(1, 2, 30, () => 0), backoff(1, 2, 30, () => 1)],
    [1, 2],
    'in part by chance',
  )
  const at = Date.UTC(2026, 10, 21, 12)
  const asked = (header: string | null) => readRetryAfter(header, at, 60)
  t.strictSame([asked('7'), asked('61'), asked(null), asked('soon')], [7, 60, 0, 0])
  t.strictSame([asked('-5'), asked('7 s'), asked('x7')], [0, 0, 0])
  t.equal(asked(new Date(at + 9_000).toUTCString()), 9)
  t.equal(asked(new Date(at - 9_000).toUTCString()), 0, 'what is over is over')
})

t.test('the body of an answer', async (t) => {
  /** A body that comes in these pieces; tells whether the rest of it was given up. */
  const bodyOf = (...pieces: Uint8Array[]) => {
    const seen = { isCancelled: false }
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = pieces.shift()
        if (piece === undefined) controller.close()
        else controller.enqueue(piece)
      },
      cancel() {
        seen.isCancelled = true
      },
    })
    return { response: new Response(body), seen }
  }
  t.equal(await readBody(new Response(null), 9), '', 'may be missing')
  const bytes = Buffer.from('a€b')
  const cut = bodyOf(bytes.subarray(0, 2), bytes.subarray(2))
  t.equal(await readBody(cut.response, bytes.length), 'a€b', 'may be cut within a letter')
  const large = bodyOf(bytes, bytes, bytes)
  await t.rejects(readBody(large.response, bytes.length * 2 - 1), /larger than 9 bytes/)
  t.ok(large.seen.isCancelled, 'no more of it is taken')
})

t.test('a redirect that a browser hides is seen', async (t) => {
  const hidden = Object.defineProperty(Response.error(), 'type', { value: 'opaqueredirect' })
  const fetch = async () => hidden
  const fetcher = createFetcher({ fetch, timeout: 1_000, retries: 0 })
  await t.rejects(fetcher('https://auth.example/'), /leads elsewhere \(redirect\)/)
  const fetch300 = async () => new Response(null, { status: 300 })
  const choices = createFetcher({ fetch: fetch300, timeout: 1_000, retries: 0 })
  await t.rejects(choices('https://auth.example/'), /leads elsewhere \(300\)/)
})

t.test('what is not an error can be thrown by a fetch, too', async (t) => {
  const fetcher = createFetcher({ fetch: () => Promise.reject(7), timeout: 1_000, retries: 0 })
  await t.rejects(fetcher('https://auth.example/'), /could not be reached: unknown/)
})

t.test('after close nothing is fetched any more', async (t) => {
  const { verifier, clock, requests, answers } = createBench(t, [one], { revocation: 'poll' })
  answers[FEED] = await feedOf(one, [])
  await verifier.ready()
  await settle()
  const before = requests.length
  verifier.close()
  clock.advance(500)
  await verifier.verify(await signToken(one))
  await settle()
  t.equal(requests.length, before)
})

t.test('scopes', async (t) => {
  t.strictSame(askedScopes(undefined), [])
  t.strictSame(readScope('one'), ['one'])
})
