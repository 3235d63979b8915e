import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { instantOf, sidOf } from '../../src/tokens/token-id.ts'
import { createTestIssuer, type TestIssuer } from '../../src/verifier/testing.ts'
import type { VerifierOptions } from '../../src/verifier/types.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'
import { createStoppedClock } from '../support/clock.ts'

type Test = Pick<typeof t, 'teardown'>

/** What becomes of a token: `good`, or the code. */
function verifying(t: Test, issuer: TestIssuer, more: Partial<VerifierOptions> = {}) {
  const verifier = createVerifier({ ...issuer.verifierOptions, retries: 0, ...more })
  t.teardown(() => verifier.close())
  return (token: string, scope?: string) =>
    verifier.verify(token, scope === undefined ? {} : { scope }).then(
      () => 'good',
      (error: { code: string }) => error.code,
    )
}

t.test('each kind of token is taken for what it is called', async (t) => {
  const { now } = createStoppedClock()
  for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384'] as const) {
    const issuer = await createTestIssuer({ alg, clock: now })
    const outcomeOf = verifying(t, issuer, { revocation: 'poll' })
    t.equal(await outcomeOf(await issuer.token({ scope: 'a b' }), 'b'), 'good', alg)
    t.equal(await outcomeOf(await issuer.token({ scope: ['a'] }), 'b'), 'scope_missing')
    t.equal(await outcomeOf(await issuer.expired()), 'token_expired')
    t.equal(await outcomeOf(await issuer.wrongAudience()), 'audience_mismatch')
    t.equal(await outcomeOf(await issuer.wrongIssuer()), 'issuer_mismatch')
    t.equal(await outcomeOf(await issuer.notYetValid()), 'token_not_yet_valid')
    t.equal(await outcomeOf(await issuer.badSignature()), 'signature_invalid')
    t.equal(await outcomeOf(await issuer.unknownKid()), 'kid_unknown')
    t.equal(await outcomeOf(await issuer.token({ sid: null })), 'good', 'of a client’s own')
  }
})

t.test('its tokens are those of the service', async (t) => {
  const { now } = createStoppedClock()
  const issuer = await createTestIssuer({ clock: now })
  const sid = issuer.newSid()
  const token = await issuer.token({ sub: 'u', sid, client_id: 'c', roles: ['r'], scope: 'a' })
  const [kid] = issuer.jwks.keys.map((key) => key.kid)
  t.strictSame(decodeProtectedHeader(token), { alg: 'ES256', kid, typ: 'at+jwt' })
  const { jti = '', ...claims } = decodeJwt(token)
  const iat = now() / 1000
  t.strictSame(claims, {
    ...{ iss: 'https://issuer.test', sub: 'u', aud: 'https://api.test', exp: iat + 600, iat },
    ...{ client_id: 'c', scope: 'a', roles: ['r'], sid, auth_time: iat },
  })
  t.equal(sidOf(jti), sid, 'the jti leads to the session, as that of the service does')
  t.match(sid, /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  t.equal(Number.parseInt(sid.replace('-', '').slice(0, 12), 16), now(), 'a UUIDv7 of now')

  const own = decodeJwt(await issuer.token({ sid: null, client_id: 'c' }))
  t.match(own, { sub: 'c', sid: undefined, auth_time: undefined })
  t.equal(instantOf(own.jti ?? ''), now(), 'without a session it begins with the instant')

  const other = await issuer.token({ claims: { tenant: 't', exp: undefined }, header: { x: 1 } })
  t.match(decodeJwt(other), { tenant: 't', exp: undefined })
  t.match(decodeProtectedHeader(other), { x: 1 })
})

t.test('two issuers are strangers to each other', async (t) => {
  const [one, other] = await Promise.all([createTestIssuer(), createTestIssuer()])
  t.equal(await verifying(t, one)(await other.token()), 'kid_unknown')
  await t.rejects(one.fetch('https://elsewhere.test/'), /is not of the test issuer/)
})

t.test('whatever is revoked is refused, and nothing else', async (t) => {
  const clock = createStoppedClock()
  const issuer = await createTestIssuer({ clock: clock.now })
  // Each verifier starts with the feed as it is now.
  const outcomeOf = (token: string) =>
    verifying(t, issuer, { revocation: { by: 'poll', whenStale: 'closed' } })(token)

  const sid = issuer.newSid()
  const ended = await issuer.token({ sid })
  t.equal(await outcomeOf(ended), 'good')
  await issuer.revoke(sid)
  t.equal(await outcomeOf(ended), 'token_revoked')
  t.equal(await outcomeOf(await issuer.revoked()), 'token_revoked')

  const single = await issuer.token()
  await issuer.revoke({ jti: decodeJwt(single).jti as string })
  t.equal(await outcomeOf(single), 'token_revoked')

  for (const who of [{ sub: 'leaver' }, { client_id: 'stolen' }]) {
    const before = await issuer.token(who)
    await issuer.revoke(who)
    t.equal(await outcomeOf(before), 'token_revoked', JSON.stringify(who))
    t.equal(await outcomeOf(await issuer.token(who)), 'good', 'a new session, on a stopped clock')
  }
  t.equal(await outcomeOf(await issuer.token()), 'good', 'of others')

  const leaked = await issuer.token()
  const { kid = '' } = decodeProtectedHeader(leaked)
  await issuer.revoke({ kid })
  t.match(await outcomeOf(leaked), /kid_unknown|token_revoked/)
  t.equal(await outcomeOf(await issuer.token()), 'good', 'another key signs')
})

t.test('keys rotate, and the one before is kept or dropped', async (t) => {
  const issuer = await createTestIssuer()
  const outcomeOf = (token: string) => verifying(t, issuer)(token)
  const first = await issuer.token()
  await issuer.rotate()
  const second = await issuer.token()
  t.not(decodeProtectedHeader(second).kid, decodeProtectedHeader(first).kid)
  t.strictSame([await outcomeOf(first), await outcomeOf(second)], ['good', 'good'])
  await issuer.rotate({ drop: true })
  t.equal(await outcomeOf(second), 'kid_unknown')
  t.equal(await outcomeOf(await issuer.token()), 'good')
  t.equal(issuer.jwks.keys.length, 2)
  t.equal(await outcomeOf(await issuer.token({ alg: 'RS256' })), 'good', 'a key of another kind')
})

t.test('outages can be rehearsed', async (t) => {
  const issuer = await createTestIssuer()
  const token = await issuer.token()
  const known = verifying(t, issuer)
  t.equal(await known(token), 'good')
  for (const fault of ['unavailable', 'unreachable', 'garbage', 'empty'] as const) {
    issuer.down(fault)
    t.equal(await verifying(t, issuer)(token), 'jwks_unavailable', `${fault}, from the start`)
    t.equal(await known(token), 'good', `${fault}, with keys that are known`)
  }
  issuer.up()
  t.equal(await verifying(t, issuer)(token), 'good')
  issuer.slow(60_000)
  t.equal(await verifying(t, issuer, { timeout: 5 })(token), 'jwks_unavailable', 'too slow')
  issuer.slow(0)
  t.equal(await verifying(t, issuer)(token), 'good')
  t.ok(issuer.requests.includes('GET /.well-known/jwks.json'), 'what was asked can be counted')
})

t.test('over HTTP it is the same, with a stream of revocations', async (t) => {
  const issuer = await createTestIssuer()
  const listening = await issuer.listen()
  t.teardown(() => listening.close())
  t.equal(issuer.issuer, listening.url)
  t.equal(issuer.verifierOptions.fetch, undefined, 'asked by whoever, over the network')
  t.equal(await verifying(t, issuer)(await issuer.token()), 'good')

  const left = new AbortController()
  const url = `${listening.url}/.well-known/revocations/stream`
  const { body, headers } = await fetch(url, { signal: left.signal })
  t.equal(headers.get('content-type'), 'text/event-stream')
  const heard = (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())
  const events = heard[Symbol.asyncIterator]()
  const next = async (pattern: RegExp) => {
    let text = ''
    while (!pattern.test(text)) text += (await events.next()).value
    return pattern.exec(text) as RegExpExecArray
  }
  await next(/retry: 2000\n\n[\s\S]*event: revocations\nid: 0\ndata: \S+\n\n/)
  await issuer.revoke('a-session')
  const [, id = '', list = ''] = await next(/event: revocations\nid: (\d+)\ndata: (\S+)\n\n/)
  t.match(decodeProtectedHeader(list), { typ: 'revocations+jwt' })
  t.match(decodeJwt(list), { iss: listening.url, since: 0, more: false })
  t.match(decodeJwt(list), { seq: Number(id), entries: [{ sid: 'a-session' }] })
  left.abort()

  const resumed = await fetch(`${listening.url}/.well-known/revocations?since=${id}`)
  t.match(decodeJwt(await resumed.text()), { since: Number(id), entries: [] })
  t.equal((await fetch(`${listening.url}/.well-known/revocations?since=x`)).status, 400)
})

t.test('it serves tokens to clients, for those who ask other siblings', async (t) => {
  const issuer = await createTestIssuer()
  const ask = (body: Record<string, string>, headers: Record<string, string> = {}) => {
    const form = new URLSearchParams(body)
    return issuer.fetch(`${issuer.issuer}/token`, { method: 'POST', body: form, headers })
  }
  const grant = { grant_type: 'client_credentials', scope: 'a', resource: 'https://stock.test' }
  const authorization = `Basic ${btoa('orders:secret')}`
  const answer = await ask(grant, { authorization })
  const granted = (await answer.json()) as { access_token: string }
  t.match(granted, { token_type: 'Bearer', expires_in: 600, scope: 'a' })
  t.match(decodeJwt(granted.access_token), {
    ...{ sub: 'orders', client_id: 'orders', aud: 'https://stock.test', sid: undefined },
  })
  t.equal((await ask({ grant_type: 'password' })).status, 400)
  t.match(await (await ask({ grant_type: 'client_credentials' })).json(), {
    error: 'invalid_client',
  })
})

t.test('a list of revocations may be signed by another algorithm than the tokens', async (t) => {
  const issuer = await createTestIssuer()
  const verifier = createVerifier({ ...issuer.verifierOptions, algorithms: ['RS256'] })
  t.teardown(() => verifier.close())
  const token = await issuer.token({ sid: 'session', alg: 'RS256' })
  t.ok(await verifier.verify(token))
  await issuer.revoke('session')
  await t.rejects(verifier.verify(token), { code: 'token_revoked' })
  const other = verifier.verify(await issuer.token())
  await t.rejects(other, { code: 'alg_not_allowed' })
})
