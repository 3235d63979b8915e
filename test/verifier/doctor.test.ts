import t from 'tap'
import { run } from '../../src/verifier/cli/run.ts'
import { examine } from '../../src/verifier/doctor/examine.ts'
import { createTestIssuer, type TestIssuer } from '../../src/verifier/testing.ts'
import { describeDifference } from '../../src/verifier/token/issuer-difference.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const AUDIENCE = 'https://api.test'

type Fetch = typeof globalThis.fetch
type Change = (response: Response) => Response | Promise<Response>

/** The issuer's own answers, but for those of a path. */
function changing(issuer: TestIssuer, path: string, change: Change): Fetch {
  return async (url, init) => {
    const answer = await issuer.fetch(url, init)
    return new URL(String(url)).pathname === path ? change(answer) : answer
  }
}

/** The same answer with some headers of its own. */
function withHeaders(response: Response, headers: Record<string, string | undefined>): Response {
  const all = new Headers(response.headers)
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) all.delete(name)
    else all.set(name, value)
  }
  const { status } = response
  return new Response(status === 304 ? null : response.body, { status, headers: all })
}

const JWKS = '/.well-known/jwks.json'
const FEED = '/.well-known/revocations'
const METADATA = '/.well-known/oauth-authorization-server'

const issuer = await createTestIssuer({ clock: () => NOW })
await issuer.rotate()

/** What is found, one line each. */
async function ask(
  options: { fetch?: Fetch; now?: number; token?: string; issuer?: string; jwksUri?: string } = {},
) {
  const { fetch = issuer.fetch, now = NOW, ...rest } = options
  const named = { issuer: issuer.issuer, audience: AUDIENCE, ...rest }
  const { good, reachable, diagnoses } = await examine({ ...named, fetch, clock: () => now })
  const said = diagnoses.map(
    ({ topic, verdict, detail, remedy }) =>
      `${topic}: ${verdict}: ${detail}${remedy === undefined ? '' : ` > ${remedy}`}`,
  )
  return { good, reachable, said: said.join('\n') }
}

t.test('an issuer that is well', async (t) => {
  const { good, reachable, said } = await ask({ token: await issuer.token() })
  t.ok(good)
  t.ok(reachable)
  t.notMatch(said, /: (bad|warning): /)
  t.match(said, /keys: good: ES256: 2 keys, so one beside the one that signs/)
  t.match(said, /cache: good: the keys may be kept for 300 s/)
  t.match(said, /cache: good: asked again by ETag, it answers 304/)
  t.match(said, /clock: good/)
  t.match(said, /revocations: good: 0 entries, as of 0 s ago/)
  t.match(said, /token: good/)

  const lonely = await createTestIssuer({ clock: () => NOW })
  const one = await ask({ fetch: lonely.fetch })
  t.match(one, { good: true, said: /keys: warning: ES256: 1 key, no next one yet > publish/ })
})

t.test('how the issuer that was given differs is told in plain words', async (t) => {
  for (const [given, found, words] of [
    ['http://a.test', 'https://a.test', 'the scheme: http was given, it is https'],
    ['https://a.test/', 'https://a.test', 'a slash at the end, which was given and is not there'],
    ['https://a.test', 'https://a.test/', 'a slash at the end, which was not given'],
    ['https://A.test', 'https://a.test', 'the case of the host: A.test was given, it is a.test'],
    ['https://a.test:444', 'https://a.test', 'the port: 444 was given, it is none'],
    ['https://a.test/auth', 'https://a.test', 'the path: /auth was given, it is /'],
    [
      'http://mintmark:8080',
      'https://auth.test',
      'the scheme: http was given, it is https, and the host: mintmark was given, it is auth.test, and the port: 8080 was given, it is none',
    ],
    ['https://a.test:443', 'https://a.test', 'they are spelled differently'],
  ] as const) {
    t.match(describeDifference(given, found), words)
  }
  const { good, said } = await ask({ issuer: 'https://issuer.test/', token: await issuer.token() })
  t.notOk(good)
  t.equal(said.match(/: (bad|warning): /g)?.length, 1, 'one cause is told once')
  t.match(
    said,
    /issuer: bad: it calls itself https:\/\/issuer\.test, .*a slash at the end.*> give issuer as https:\/\/issuer\.test/,
  )
})

t.test('who cannot be reached, or leads elsewhere', async (t) => {
  const refused: Fetch = async () => {
    throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })
  }
  const away = await ask({ fetch: refused })
  t.notOk(away.reachable)
  t.match(away.said, /jwks: bad: .* cannot be reached: nobody listens there \(ECONNREFUSED\)/)

  const [token, slash] = [
    await issuer.token(),
    await issuer.token({ issuer: 'http://issuer.test/' }),
  ]
  for (const fetch of [refused, changing(issuer, JWKS, () => new Response('garbage'))]) {
    const words = /issuer_mismatch.*the scheme: https was given, it is http, and a slash at the end/
    t.match(await ask({ fetch, token: slash }), { good: false, said: words })
    t.match(
      (await ask({ fetch, token })).said,
      /token: warning: nothing is wrong with what it says/,
    )
  }

  const closed = changing(issuer, JWKS, () => new Response(null, { status: 401 }))
  t.match((await ask({ fetch: closed })).said, /jwks: bad: .* answered 401 > let everybody read it/)

  issuer.down()
  t.match(await ask(), { reachable: false, said: /jwks: bad: .* answered 503/ })
  issuer.down('garbage')
  t.match(await ask(), { good: false, said: /jwks: bad: .* is no JWK set/ })
  issuer.down('empty')
  t.match(await ask(), { good: false, said: /keys: bad: there is none to verify with/ })
  issuer.up()

  const headers = { location: 'https://www.issuer.test/jwks' }
  const moved = changing(issuer, JWKS, () => new Response(null, { status: 301, headers }))
  t.match(await ask({ fetch: moved }), {
    good: false,
    said: /jwks: bad: .* leads to https:\/\/www\.issuer\.test\/jwks \(301\)/,
  })

  const inside = changing(issuer, METADATA, () => new Response(null, { status: 502 }))
  t.match(await ask({ fetch: inside }), { good: false })
  const jwksUri = `${issuer.issuer}${JWKS}`
  t.match(await ask({ fetch: inside, jwksUri }), { good: true, said: /metadata: warning/ })
})

t.test('keys that cannot be kept, or not be used', async (t) => {
  const header = async (headers: Record<string, string | undefined>) =>
    (await ask({ fetch: changing(issuer, JWKS, (answer) => withHeaders(answer, headers)) })).said
  t.match(await header({ 'cache-control': 'no-store' }), /cache: warning: the keys may not be kept/)
  t.match(await header({ 'cache-control': undefined }), /cache: warning: the keys do not say/)
  t.match(await header({ 'cache-control': 'max-age=604800' }), /cache: warning: .* more than a day/)
  t.match(await header({ etag: undefined }), /cache: warning: the keys have no ETag/)
  t.match(await header({ etag: 'W/"x"' }), /cache: warning: .* answers 200 in place of 304/)
  t.match(await header({ age: '200' }), /cache: good: a shared cache has had the keys for 200 s/)
  t.match(
    await header({ age: '900' }),
    /cache: warning: a shared cache answers with keys 900 s old/,
  )
  t.match(await header({ 'content-type': 'text/html' }), /jwks: warning: .* comes as text\/html/)

  const [key] = issuer.jwks.keys
  const added = async (more: object[]) => {
    const keys = [...issuer.jwks.keys, ...more]
    return ask({ fetch: changing(issuer, JWKS, () => Response.json({ keys })) })
  }
  for (const [jwk, why] of [
    [{ ...key, kid: undefined }, 'it has no kid'],
    [{ ...key }, 'another key has the same kid'],
    [{ ...key, kid: 'a', alg: undefined }, 'it names no alg'],
    [{ ...key, kid: 'a', alg: 'HS256' }, 'no token is taken by HS256'],
    [{ ...key, kid: 'a', use: 'enc' }, 'its use is enc'],
    [{ ...key, kid: 'a', key_ops: ['sign'] }, 'key_ops lack verify'],
    [{ ...key, kid: 'a', alg: 'ES384' }, 'it is no key for ES384, or too weak a one'],
  ] as const) {
    const { good, said } = await added([jwk])
    t.ok(said.includes(`is not loaded: ${why} >`), why)
    t.ok(good, 'one that is not loaded does no harm')
  }
  for (const jwk of [
    { ...key, kid: 'a', d: 'AA' },
    { ...key, kid: undefined, d: 'AA' },
    { kty: 'oct', kid: 'a', alg: 'HS256', k: 'AA' },
  ]) {
    const said = /keys: bad: .* is not loaded: it.* published.* > revoke it/
    t.match(await added([jwk]), { good: false, said })
  }
})

t.test('clocks that differ, and a feed that stands still', async (t) => {
  t.match((await ask({ now: NOW + 10_000 })).said, /clock: warning: this host is 10 s ahead of/)
  t.match(await ask({ now: NOW - 90_000 }), {
    good: false,
    said: /clock: bad: this host is 90 s behind the issuer: new tokens are of the future here/,
  })
  t.match((await ask({ now: NOW + 300_000 })).said, /revocations: warning: .*as of 300 s ago/)

  const answerWith = (body: string | null, status = 200) =>
    ask({ fetch: changing(issuer, FEED, () => new Response(body, { status })) })
  t.match((await answerWith(null, 404)).said, /revocations: warning: .* is not there/)
  t.match((await answerWith('nothing')).said, /revocations: bad: .*cannot be verified/)
  const token = await issuer.token()
  t.match((await answerWith(token)).said, /revocations: bad: .*its typ is "at\+jwt"/)
  const stranger = await createTestIssuer({ clock: () => NOW })
  const foreign = await (await stranger.fetch(`${stranger.issuer}${FEED}`)).text()
  t.match((await answerWith(foreign)).said, /revocations: bad: .*cannot be verified/)
})

t.test('a token for somebody else is told whose it is', async (t) => {
  const token = await issuer.token({ audience: 'https://stock.test' })
  t.match(
    (await ask({ token })).said,
    /the token is for https:\/\/stock\.test; you asked for https:\/\/api\.test/,
  )
  const slash = await issuer.token({ audience: `${AUDIENCE}/` })
  t.match((await ask({ token: slash })).said, /a slash at the end, which was not given/)
  const http = await issuer.token({ issuer: 'http://issuer.test' })
  t.match(
    (await ask({ token: http })).said,
    /\(issuer_mismatch\) > .*the scheme: https was given, it is http/,
  )
  t.match((await ask({ token: await issuer.expired() })).said, /token: bad: .*\(token_expired\)/)
})

t.test('its exit codes serve CI', async (t) => {
  const surroundings = {
    fetch: issuer.fetch,
    clock: () => NOW + 10_000,
    readInput: () => issuer.expired(),
    readFile: async () => '',
    readVersion: async () => '',
  }
  const words = ['doctor', '--issuer', issuer.issuer, '--audience', AUDIENCE]
  const warned = await run(words, surroundings)
  t.equal(warned.exitCode, 0, 'a warning is no failure')
  t.match(warned.stdout, /^! clock: .*\n {4}→ /m)
  t.match(warned.stdout, /No problem, 1 warning\.\n$/)
  t.equal((await run([...words, '--strict'], surroundings)).exitCode, 1)
  const failed = await run([...words, '--token', '-', '--json'], surroundings)
  t.equal(failed.exitCode, 1)
  t.match(JSON.parse(failed.stdout), { good: false, reachable: true })
  issuer.down('unreachable')
  t.equal((await run(words, surroundings)).exitCode, 3)
  issuer.up()
})
