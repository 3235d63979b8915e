import t from 'tap'
import type { Client } from '../../src/clients/client.ts'
import type { KeyRing } from '../../src/keys/key-ring.ts'
import { OAuthError } from '../../src/oauth/error.ts'
import type { Session } from '../../src/sessions/session.ts'
import { buildClaims, type Subject } from '../../src/tokens/access-token.ts'
import { requireSessionWithinBudget, requireWithinBudget } from '../../src/tokens/budget.ts'
import { createIssueAccessToken } from '../../src/tokens/issue.ts'
import { isAccessTokenClaims, isFor } from '../../src/tokens/judge.ts'
import { chooseSignature } from '../../src/tokens/signature-choice.ts'
import { drawTokenId, instantOf, sidOf } from '../../src/tokens/token-id.ts'
import { createStoppedClock } from '../support/clock.ts'
import { createSeededRandom } from '../support/random.ts'

const ISSUER = 'https://auth.example'
const ORDERS = { audience: 'urn:orders', signingAlg: undefined, typ: undefined }
const BILLING = { audience: 'urn:billing', signingAlg: 'RS256', typ: undefined } as const
const NOW = Date.UTC(2026, 10, 21, 12)
const IAT = NOW / 1000

const client = (more: Partial<Client> = {}): Client => ({
  clientId: 'web',
  name: 'Web',
  authenticationMethod: 'none',
  grantTypes: ['password'],
  scope: ['read', 'write'],
  audience: [ORDERS],
  introspects: [],
  allowedOrigins: [],
  refreshTokenIn: 'body',
  signingAlg: undefined,
  roles: ['of-the-client'],
  claims: {},
  lifetimes: {
    accessTokenTtlSeconds: undefined,
    sessionIdleTtlSeconds: undefined,
    sessionMaxTtlSeconds: undefined,
  },
  refresh: { retryWindowSeconds: undefined, recoveryWindowSeconds: undefined, recovery: undefined },
  maxSessions: undefined,
  createdAt: 0,
  disabledAt: undefined,
  cutOff: undefined,
  ...more,
})
const session = (more: Partial<Session> = {}): Session => ({
  sid: '019ab2c3-1111-7222-8333-444455556666',
  clientId: 'web',
  sub: 'user-1',
  scope: ['read'],
  audience: ['urn:orders'],
  roles: ['customer'],
  claims: {},
  authTime: NOW - 1,
  amr: ['pwd'],
  acr: 'silver',
  device: { userAgent: undefined, address: undefined, label: undefined },
  createdAt: NOW,
  lastUsedAt: NOW,
  idleExpiresAt: NOW + 3_600_000,
  expiresAt: NOW + 86_400_000,
  ended: undefined,
  ...more,
})
const subject = (more: Partial<Subject> = {}): Subject => ({
  client: client(),
  session: session(),
  scope: ['read', 'write'],
  audience: ['urn:orders'],
  ...more,
})
const STAMP = { issuer: ISSUER, jti: 'jti-1', iat: IAT, exp: IAT + 600 }

t.test('the claims of a user’s token are those of RFC 9068', async (t) => {
  t.strictSame(buildClaims(subject(), STAMP), {
    iss: ISSUER,
    sub: 'user-1',
    aud: 'urn:orders',
    exp: IAT + 600,
    iat: IAT,
    jti: 'jti-1',
    client_id: 'web',
    scope: 'read write',
    roles: ['customer'],
    sid: '019ab2c3-1111-7222-8333-444455556666',
    auth_time: IAT - 1,
    acr: 'silver',
    amr: ['pwd'],
  })
})

t.test('a client that speaks for itself is the subject, and has no session', async (t) => {
  const claims = buildClaims(subject({ session: undefined, scope: [] }), STAMP)
  t.match(claims, { sub: 'web', client_id: 'web', roles: ['of-the-client'] })
  for (const name of ['sid', 'auth_time', 'acr', 'amr', 'scope']) t.notOk(name in claims, name)
})

t.test('what is not known is left out', async (t) => {
  const bare = session({ acr: undefined, amr: [], roles: [] })
  const claims = buildClaims(subject({ session: bare }), STAMP)
  for (const name of ['acr', 'amr', 'roles']) t.notOk(name in claims, name)
})

t.test('aud has one type for each client', async (t) => {
  const several = client({ audience: [ORDERS, BILLING] })
  const one = buildClaims(subject({ client: several }), STAMP)
  t.strictSame(one.aud, ['urn:orders'], 'a list, even of one, for a client of several')
  t.equal(buildClaims(subject(), STAMP).aud, 'urn:orders')
  t.ok(isFor(one, 'urn:orders') && !isFor(one, 'urn:billing') && !isFor(one, 'urn'))
})

t.test(
  'custom claims stand below the service’s own, the session’s above the client’s',
  async (t) => {
    const claims = buildClaims(
      subject({
        client: client({ claims: { tier: 'client', plan: 'client', iss: 'forged' } }),
        session: session({ claims: { tier: 'session', sub: 'forged', exp: 1, roles: ['admin'] } }),
      }),
      STAMP,
    )
    t.match(claims, { tier: 'session', plan: 'client', iss: ISSUER, sub: 'user-1' })
    t.strictSame([claims.exp, claims.roles], [IAT + 600, ['customer']])
  },
)

t.test('a token too large is refused, and the largest claims are named', async (t) => {
  const claims = buildClaims(subject(), STAMP)
  t.doesNotThrow(() => requireWithinBudget(4096, claims))
  const large = { ...claims, huge: 'x'.repeat(3000), big: 'y'.repeat(1000) }
  const refused = {
    reason: 'access_token_too_large',
    message: /4097 bytes.*4096.*: huge \(3002 .*big/,
  }
  t.throws(() => requireWithinBudget(4097, large), refused)
  const many = session({ roles: Array.from({ length: 50 }, (_, n) => `role-${n}`.padEnd(64, 'x')) })
  const before = () => requireSessionWithinBudget(subject({ session: many }), ISSUER)
  t.throws(before, OAuthError, 'asked before the session is kept')
  t.throws(before, { message: /largest claims: roles/ })
  t.doesNotThrow(() => requireSessionWithinBudget(subject(), ISSUER))
})

/** A mint whose keys write the claims down instead of signing them. */
function createMint(options: { seed?: string; ttl?: number; byte?: number } = {}) {
  const clock = createStoppedClock(NOW)
  const used: string[] = []
  const large: object[] = []
  const signer: KeyRing['signer'] = async ([first], typ) => {
    used.push(`${first} ${typ}`)
    return (claims) => JSON.stringify(claims)
  }
  const { byte } = options
  const issue = createIssueAccessToken({
    issuer: ISSUER,
    keyRing: { signer } as KeyRing,
    clock,
    random:
      byte === undefined
        ? createSeededRandom(options.seed ?? 'seed')
        : { bytes: (length) => Buffer.alloc(length, byte) },
    accessTokenTtlSeconds: options.ttl ?? 600,
    signingAlgorithms: ['EdDSA', 'ES256'],
    onLargeToken: (token) => large.push(token),
  })
  return { issue, clock, used, large }
}

t.test('a token lives its time less at most a twentieth, and the answer is exact', async (t) => {
  const { issue } = createMint()
  const lifetimes = new Set<number>()
  const ids = new Set<string>()
  for (let n = 0; n < 500; n += 1) {
    const { accessToken, expiresInSeconds } = await issue(subject())
    const claims = JSON.parse(accessToken)
    if (claims.exp - claims.iat !== expiresInSeconds) t.fail('inexact')
    if (claims.iat !== IAT - 1) t.fail('iat is a moment ago')
    lifetimes.add(expiresInSeconds)
    ids.add(claims.jti)
  }
  t.equal(ids.size, 500)
  t.ok([...lifetimes].every((seconds) => seconds > 570 - 1 && seconds <= 600))
  t.ok(lifetimes.size > 20, 'a fleet does not refresh together')
  t.equal((await createMint({ byte: 0 }).issue(subject())).expiresInSeconds, 600)
  t.equal((await createMint({ byte: 0xff }).issue(subject())).expiresInSeconds, 571)
})

t.test('a client’s own lifetime stands before the configuration’s', async (t) => {
  const lifetimes = { ...client().lifetimes, accessTokenTtlSeconds: 60 }
  const { issue } = createMint({ byte: 0 })
  t.equal((await issue(subject({ client: client({ lifetimes }) }))).expiresInSeconds, 60)
})

t.test('a token does not outlive its session', async (t) => {
  const { issue, clock } = createMint({ byte: 0 })
  const left = (ms: number) => issue(subject({ session: session({ expiresAt: NOW + ms }) }))
  t.equal((await left(90_000)).expiresInSeconds, 90)
  t.equal((await left(90_999)).expiresInSeconds, 90)
  t.equal((await left(700_000)).expiresInSeconds, 600)
  const idle = (ms: number) => issue(subject({ session: session({ idleExpiresAt: NOW + ms }) }))
  t.equal((await idle(90_999)).expiresInSeconds, 90, 'unused, it ends sooner')
  clock.advance(0.5)
  t.equal((await left(90_400)).expiresInSeconds, 89, 'never more than there is')
})

const USUAL = ['EdDSA', 'ES256'] as const

t.test('the algorithm is the client’s choice, else that of the token’s audience', async (t) => {
  const both = [ORDERS, BILLING]
  const choose = (audience: string[], more: Partial<Client> = {}) =>
    chooseSignature({ client: client({ audience: both, ...more }), audience }, USUAL).algorithms
  const rest = ['RS256', 'PS256', 'ES384']
  t.strictSame(choose(['urn:orders']), ['EdDSA', 'ES256', ...rest], 'nobody asks')
  const one = choose(['urn:orders', 'urn:billing'])
  t.strictSame(one, ['RS256', 'EdDSA', 'ES256', 'PS256', 'ES384'], 'one asks')
  const byClient = choose(['urn:billing'], { signingAlg: 'ES384' })
  t.strictSame(byClient, ['ES384', 'RS256', 'EdDSA', 'ES256', 'PS256'], 'the client stands first')
  const audience = [{ ...ORDERS, signingAlg: 'PS256' as const }, BILLING]
  const [first] = choose(['urn:billing', 'urn:orders'], { audience })
  t.equal(first, 'PS256', 'the client’s list decides, not the request’s')
})

t.test('the typ is at+jwt, unless an audience of the token asks for another', async (t) => {
  const plain = { ...ORDERS, typ: 'JWT' as const }
  const exact = { ...BILLING, typ: 'at+jwt' as const }
  const choose = (audience: Client['audience'], ...names: string[]) =>
    chooseSignature({ client: client({ audience }), audience: names }, USUAL).typ
  t.equal(choose([ORDERS, BILLING], 'urn:orders'), 'at+jwt')
  t.equal(choose([plain, BILLING], 'urn:billing'), 'at+jwt', 'a token that is not for it')
  t.equal(choose([BILLING, plain], 'urn:billing', 'urn:orders'), 'JWT', 'the first that asks')
  t.equal(choose([plain, exact], 'urn:billing', 'urn:orders'), 'JWT')
  t.equal(choose([exact, plain], 'urn:billing', 'urn:orders'), 'at+jwt', 'in the client’s order')
})

t.test('the mint signs by what was chosen', async (t) => {
  const { issue, used } = createMint()
  await issue(subject())
  const audience = [{ ...BILLING, typ: 'JWT' as const }]
  await issue(subject({ client: client({ audience }), audience: ['urn:billing'] }))
  t.strictSame(used, ['EdDSA at+jwt', 'RS256 JWT'])
})

t.test('a large token is told of, a too large one is not handed out', async (t) => {
  const { issue, large } = createMint()
  await issue(subject())
  t.strictSame(large, [])
  await issue(subject({ client: client({ claims: { note: 'x'.repeat(2000) } }) }))
  t.match(large, [{ clientId: 'web', largest: /^note \(2002 bytes\)/ }])
  const refused = { reason: 'access_token_too_large', message: /largest claims: note/ }
  const claims = { note: 'x'.repeat(4000) }
  await t.rejects(issue(subject({ client: client({ claims }) })), refused)
})

t.test('claims are ours only when they are complete', async (t) => {
  const good = buildClaims(subject(), STAMP)
  t.ok(isAccessTokenClaims(good, ISSUER))
  t.ok(isAccessTokenClaims({ ...good, aud: ['a', 'b'] }, ISSUER))
  t.notOk(isAccessTokenClaims(good, 'https://other.example'))
  for (const name of ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id']) {
    t.notOk(isAccessTokenClaims({ ...good, [name]: undefined }, ISSUER), `without ${name}`)
    t.notOk(isAccessTokenClaims({ ...good, [name]: '' }, ISSUER), `${name} empty`)
  }
  const wrong = [
    { exp: '600' },
    { exp: 1.5 },
    { exp: -1 },
    { iat: 2 ** 60 },
    { aud: [] },
    { aud: [1] },
  ]
  for (const change of wrong) t.notOk(isAccessTokenClaims({ ...good, ...change }, ISSUER))
})

t.test('a jti leads to its session, and to none where there is none', async (t) => {
  const random = createSeededRandom(t.name)
  const { sid } = session()
  const ids = Array.from({ length: 1000 }, () => drawTokenId(random, NOW, sid))
  t.equal(new Set(ids).size, 1000)
  for (const id of ids) t.equal(sidOf(id), sid)
  const own = drawTokenId(random, NOW, undefined)
  t.equal(instantOf(own), NOW, 'but to the instant of its issue')
  t.equal(instantOf(ids[0] as string), undefined)
  for (const other of [own, sid, '', `${ids[0]}A`, ids[0]?.slice(1) as string, `${ids[0]}=`]) {
    t.equal(sidOf(other), undefined, other)
  }
})
