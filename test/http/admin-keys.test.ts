import { generateKeyPairSync } from 'node:crypto'
import t, { type Test } from 'tap'
import { createTestAdmin } from '../support/admin.ts'
import { readEvents } from '../support/answer.ts'
import { query } from '../support/database.ts'
import { createTestService } from '../support/service.ts'

interface Key {
  kid: string
  alg: string
  state: string
  signs_from: string
}

/** A service whose keys have signed, or been published, for ten days, and its admin API. */
async function start(t: Test) {
  const service = await createTestService(t)
  const keep = async () => {
    await service.parts.advanceKeys()
    await service.parts.keyRing.load()
  }
  await service.parts.advanceKeys()
  await query(
    service.databaseUrl,
    `update signing_keys set created_at = '2026-11-11T12:00:00Z',
      published_at = case state when 'next' then timestamptz '2026-11-11T12:00:10Z' end, signs_from =
      case state when 'active' then timestamptz '2026-11-11T12:00:00Z' else '2026-12-11T12:00:00Z' end`,
  )
  await service.parts.keyRing.load()
  const admin = await createTestAdmin(t, service)
  const { ask } = admin
  const keys = async () => (await ask('GET /keys')).json().keys as Key[]
  const find = async (alg: string, state: string) =>
    (await keys()).find((key) => key.alg === alg && key.state === state) as Key
  return { service, ...admin, keep, keys, find }
}

const PRIVATE = /PRIVATE|"(d|p|q|dp|dq|qi)":|sealed/

t.test('keys are listed with what is to come of them, and never their secrets', async (t) => {
  const { service, ask, find } = await start(t)
  const answer = await ask('GET /keys')
  t.notMatch(answer.body, PRIVATE)
  t.equal(answer.headers['cache-control'], 'no-store')
  const [active, next] = [await find('ES256', 'active'), await find('ES256', 'next')]
  t.match(active, {
    private_half: 'opens',
    planned: { signs_until: next.signs_from, withdrawn_at: /Z$/ },
  })
  await query(
    service.databaseUrl,
    "update signing_keys set published_at = '2026-11-21T12:00:00Z' where state = 'next'",
  )
  await query(
    service.databaseUrl,
    `insert into jwks_fetches values
      ('jose', '192.0.2.1', '2026-11-01', '2027-01-01', 7),
      ('PyJWT', '192.0.2.2', '2026-11-01', '2026-11-21T11:59:59Z', 1)`,
  )
  const one = (await ask(`GET /keys/${next.kid}`)).json()
  t.match(one, {
    kid: next.kid,
    state: 'next',
    published_at: '2026-11-21T12:00:00.000Z',
    public_jwk: { kid: next.kid, alg: 'ES256', use: 'sig', kty: 'EC', crv: 'P-256' },
    public_pem: /^-----BEGIN PUBLIC KEY-----\n/,
    verifiers: [
      { family: 'PyJWT', have: 0, lack: 1 },
      { family: 'jose', have: 1, lack: 0 },
    ],
  })
  t.notMatch(JSON.stringify(one), PRIVATE)
  t.match((await ask('GET /keys')).json().verifiers, [
    { family: 'PyJWT', address: '192.0.2.2', last_at: '2026-11-21T11:59:59.000Z', fetches: 1 },
    { family: 'jose', address: '192.0.2.1' },
  ])
  for (const kid of ['nobody', `${next.kid}A`, '%3Cscript%3E', "'%20or%20true--"]) {
    t.match(
      (await ask(`GET /keys/${kid}`)).json(),
      { status: 404, code: 'signing_key_unknown' },
      kid,
    )
  }
})

t.test('the plan says what comes, when, and why then', async (t) => {
  const { ask, find } = await start(t)
  const next = await find('ES256', 'next')
  const { steps } = (await ask('GET /keys/plan?alg=ES256')).json()
  t.match(
    steps.find((step: { do: string }) => step.do === 'sign'),
    { alg: 'ES256', kid: next.kid, why: { at: next.signs_from, terms: [{ seconds: Number }] } },
  )
  t.ok(steps.every((step: { alg: string }) => step.alg === 'ES256'))
  t.ok(
    steps.some((step: { do: string; kid?: string }) => step.do === 'publish' && !step.kid),
    'one that is yet to be made has no kid',
  )
  t.match((await ask('GET /keys/plan?alg=HS256')).json(), { code: 'parameter_invalid' })
})

t.test('the time line comes as a picture that runs nothing, and as JSON', async (t) => {
  const { service, ask, find } = await start(t)
  const active = await find('ES256', 'active')
  for (const accept of ['image/svg+xml', '*/*', 'text/html,*/*;q=0.8']) {
    const answer = await ask('GET /keys/time-line.svg', { headers: { accept } })
    t.equal(answer.statusCode, 200, accept)
    t.match(answer.headers, {
      'content-type': 'image/svg+xml; charset=utf-8',
      'content-security-policy':
        /^default-src 'none'; style-src 'sha256-[^']+'; frame-ancestors 'none'$/,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    t.match(answer.body, /^<svg (.*\n)+<\/svg>\n$/)
    t.match(answer.body, active.kid)
  }
  const line = (await ask('GET /keys/time-line')).json()
  t.match(line.keys[0], { kid: active.kid, state: 'active', segments: [{ phase: 'active' }] })
  t.equal((await ask('GET /keys/time-line?from=2026')).statusCode, 400)

  const evil = '"><script>alert(1)</script>'
  await query(service.databaseUrl, `update signing_keys set kid = $1 where kid = $2`, [
    evil,
    active.kid,
  ])
  const { body } = await ask('GET /keys/time-line.svg')
  t.notMatch(body, '<script')
  t.match(body, '&quot;&gt;&lt;script&gt;alert(1)')
  const doctored = (await ask('GET /keys')).json().keys.find((key: Key) => key.kid === evil)
  t.match(doctored, { private_half: 'closed', problem: String })
  const closed = (await ask(`GET /keys/${encodeURIComponent(evil)}`)).json()
  t.match(closed, { kid: evil, private_half: 'closed' })
  t.notOk('public_jwk' in closed, 'what a row alone says of a key is not passed on')
})

t.test('a rotation is hastened, as early as is safe, and by whom is written down', async (t) => {
  const { service, ask, find, keep, operator } = await start(t)
  const [active, next] = [await find('ES256', 'active'), await find('ES256', 'next')]
  const rotate = async () => (await ask('POST /keys/rotate', { payload: { alg: 'ES256' } })).json()
  const { rotations } = await rotate()
  t.match(rotations, [
    { alg: 'ES256', outcome: 'hastened', kid: next.kid, before: next.signs_from },
  ])
  t.equal(rotations[0].signs_from, rotations[0].earliest.at)
  t.match(await rotate(), { rotations: [{ outcome: 'unchanged', kid: next.kid }] })
  const planned = { kid: next.kid, alg: 'ES256', by: operator.clientId }
  t.match(await readEvents(service, 'key.rotation_planned'), [{ detail: planned }])
  service.clock.advance((Date.parse(rotations[0].signs_from) - service.clock.now()) / 1000)
  await keep()
  t.equal((await find('ES256', 'active')).kid, next.kid)
  t.equal((await find('ES256', 'retiring')).kid, active.kid)
  const all = (await ask('POST /keys/rotate')).json().rotations
  t.strictSame(
    all.map(({ alg }: { alg: string }) => alg),
    ['ES256', 'RS256'],
  )
})

t.test('a key that leaked is revoked, and its successor signs', async (t) => {
  const { service, ask, find, operator, tokenWith } = await start(t)
  const [active, next] = [await find('ES256', 'active'), await find('ES256', 'next')]
  const line = `POST /keys/${active.kid}/revoke`
  for (const payload of [undefined, {}, { emergency: false }, { emergency: true, kid: next.kid }]) {
    const answer = await ask(line, payload && { payload })
    t.match(answer.json(), { status: 400, code: 'parameter_invalid' }, JSON.stringify(payload))
  }
  const preview = await ask(`GET /keys/${active.kid}/revocation`)
  t.equal((await ask('GET /keys/nobody/revocation')).statusCode, 404)
  t.equal((await find('ES256', 'active')).kid, active.kid, 'nothing has been done yet')
  const payload = { emergency: true }
  t.match((await ask('POST /keys/nobody/revoke', { payload })).json(), {
    code: 'signing_key_unknown',
  })
  const revoked = (await ask(line, { payload })).json()
  t.strictSame(preview.json(), revoked, 'what it did is what was foreseen')
  t.match(revoked, {
    kid: active.kid,
    alg: 'ES256',
    was: 'active',
    tokens: { signed_from: active.signs_from, would_live_until: /Z$/ },
    is_default: true,
    signer: { kid: next.kid, signs_from: '2026-11-21T12:00:00.000Z', verifiers: [] },
    refused: { here_from: '2026-11-21T12:00:10.000Z' },
  })
  t.ok(revoked.refused.everywhere_from >= revoked.refused.by_max_age_from)
  const detail = { kid: active.kid, alg: 'ES256', by: operator.clientId }
  t.match(await readEvents(service, 'key.revoked'), [{ detail }])
  await service.parts.keyRing.load()
  const own = await ask('GET /keys')
  t.match(own.json(), { status: 401 }, 'the token that did it was signed by that key')
  const authorization = `Bearer ${await tokenWith(['mintmark:keys:write'])}`
  const again = await ask(line, { payload, headers: { authorization } })
  t.match(again.json(), { was: 'revoked', kid: active.kid })
  t.equal((await readEvents(service, 'key.revoked')).length, 1)
})

t.test('a private key is imported, from PEM or JWK, and told nowhere', async (t) => {
  const { service, ask, find } = await start(t)
  const replaced = await find('ES256', 'next')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = privateKey.export({ format: 'jwk' })
  const first = (await ask('POST /keys/import', { payload: { jwk } })).json()
  t.match(first, { alg: 'ES256', state: 'next', replaced: replaced.kid, in_use: true })
  t.equal((await find('ES256', 'next')).kid, first.kid)
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  t.match((await ask('POST /keys/import', { payload: { pem } })).json(), {
    status: 409,
    code: 'key_exists',
  })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const rsaPem = rsa.export({ type: 'pkcs8', format: 'pem' })
  t.match((await ask('POST /keys/import', { payload: { pem: rsaPem } })).json(), {
    status: 400,
    code: 'key_invalid',
    detail: /RS256 or PS256/,
  })
  const payload = { pem: rsaPem, alg: 'PS256' }
  t.match((await ask('POST /keys/import', { payload })).json(), { alg: 'PS256', in_use: false })
  const told = [...service.log, JSON.stringify(await readEvents(service, 'key.imported'))].join()
  for (const secret of [String(jwk.d), String(pem).slice(60, 100), String(rsaPem).slice(60, 100)]) {
    t.notMatch(told, secret)
  }
})

t.test('what is encrypted by a master key that is not here is left alone, and told', async (t) => {
  const { service, ask } = await start(t)
  t.strictSame((await ask('POST /keys/reencrypt')).json(), { master_key_id: 1, keys: [] })
  await query(service.databaseUrl, 'update signing_keys set master_key_id = 7 where alg = $1', [
    'RS256',
  ])
  const { keys } = (await ask('POST /keys/reencrypt')).json()
  t.match(keys, [
    { alg: 'RS256', from: 7, outcome: 'closed', problem: /no key with id 7/ },
    { alg: 'RS256', from: 7, outcome: 'closed' },
  ])
})

t.test('what is no private key is refused by a code, and never repeated', async (t) => {
  const { ask, keys, app, tokenWith } = await start(t)
  const before = await keys()
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = ec.privateKey.export({ format: 'jwk' })
  const secret = 'c2VjcmV0LXRoYXQtaXMtbm90LXRvbGQ'
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  let deep: object = {}
  for (let level = 0; level < 40; level += 1) deep = { deep }
  for (const [what, payload, code] of [
    ['nothing', {}, 'parameter_invalid'],
    ['both', { jwk, pem: 'x' }, 'parameter_invalid'],
    ['another member', { jwk, kid: 'x' }, 'parameter_invalid'],
    ['no object', { jwk: 'x' }, 'parameter_invalid'],
    ['an algorithm that is none', { jwk, alg: 'none' }, 'parameter_invalid'],
    ['deep', { jwk: deep }, 'body_malformed'],
    ['a public JWK', { jwk: ec.publicKey.export({ format: 'jwk' }) }, 'key_invalid'],
    ['a public PEM', { pem: ec.publicKey.export({ type: 'spki', format: 'pem' }) }, 'key_invalid'],
    ['oct', { jwk: { kty: 'oct', k: secret } }, 'key_invalid'],
    ['a set', { jwk: { keys: [jwk] } }, 'key_invalid'],
    ['another algorithm', { jwk, alg: 'RS256' }, 'key_invalid'],
    ['an alg of its own', { jwk: { ...jwk, alg: 'ES384' } }, 'key_invalid'],
    ['an alg that is a number', { jwk: { ...jwk, alg: 5 } }, 'key_invalid'],
    ['an alg that is a list', { jwk: { ...jwk, alg: ['ES256'] } }, 'key_invalid'],
    ['an alg that is an object', { jwk: { ...jwk, alg: {} } }, 'key_invalid'],
    ['half of another', { jwk: { ...jwk, d: secret.padEnd(43, 'A') } }, 'key_invalid'],
    ['weak', { pem: weak.export({ type: 'pkcs8', format: 'pem' }), alg: 'RS256' }, 'key_invalid'],
    ['garbage', { pem: `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END` }, 'key_invalid'],
    ['empty', { pem: '' }, 'key_invalid'],
    ['1 MB', { pem: secret.repeat(32_000) }, 'body_too_large'],
  ] as const) {
    const answer = await ask('POST /keys/import', { payload })
    t.equal(answer.json().code, code, what)
    t.notMatch(answer.body, secret, what)
  }
  const authorization = `Bearer ${await tokenWith(['mintmark:keys:write'])}`
  const twice = await app.inject({
    method: 'POST',
    url: '/keys/import',
    headers: { authorization, 'content-type': 'application/json' },
    payload: `{"pem":"${secret}","pem":"${secret}"}`,
  })
  t.match(twice.json(), { code: 'parameter_repeated' })
  const named = before.map(({ kid }) => kid)
  const reading = await ask('GET /keys')
  t.strictSame(
    reading.json().keys.map(({ kid }: Key) => kid),
    named,
    'nothing has changed',
  )
})
