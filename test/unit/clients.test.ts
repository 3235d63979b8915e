import { crc32 } from 'node:zlib'
import t from 'tap'
import { noOrigin } from '../../src/audit/event.ts'
import { base62 } from '../../src/base/encoding.ts'
import { equalInConstantTime, sha256 } from '../../src/base/hash.ts'
import { type Client, narrowAudience, narrowScope, requireGrant } from '../../src/clients/client.ts'
import { readCredentials } from '../../src/clients/credentials.ts'
import { lifetimeProblems } from '../../src/clients/lifetime-problems.ts'
import {
  acceptRegistration,
  InvalidRegistration,
  type Registration,
} from '../../src/clients/registration.ts'
import { drawClientSecret } from '../../src/clients/secret.ts'
import { type ClientWithSecrets, withoutSecrets } from '../../src/clients/store.ts'
import type { Executor } from '../../src/db/connect.ts'
import { adminScopes } from '../../src/oauth/admin-scopes.ts'
import { OAuthError } from '../../src/oauth/error.ts'
import { collectParameters } from '../../src/oauth/parameters.ts'
import { createSeededRandom } from '../support/random.ts'

const GOOD: Registration = {
  clientId: 'web',
  name: 'A browser frontend',
  authenticationMethod: 'client_secret_basic',
  grantTypes: ['password', 'refresh_token'],
  scope: ['orders:read'],
  audience: ['https://orders.example'],
  introspects: [],
  roles: [],
  claims: {},
}

function problemsOf(change: object): readonly string[] {
  try {
    acceptRegistration({ ...GOOD, ...change })
    return []
  } catch (error) {
    if (error instanceof InvalidRegistration) return error.problems
    throw error
  }
}

function errorOf(work: () => unknown): OAuthError {
  try {
    work()
  } catch (error) {
    if (error instanceof OAuthError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const many = (count: number, of = (n: number) => `v${n}`) =>
  Array.from({ length: count }, (_, n) => of(n))
const UUID = '019ab2c3-1111-7222-8333-444455556666'

t.test('a registration that can be', async (t) => {
  const changes: object[] = [
    {},
    { clientId: 'A.b_c-9' },
    { clientId: 'x'.repeat(100) },
    { clientId: `${UUID}0` },
    { name: '' },
    { name: 'Ünïcode 😀' },
    { authenticationMethod: 'none' },
    { grantTypes: [] },
    { grantTypes: ['client_credentials'] },
    { grantTypes: ['client_credentials'], scope: ['orders:read', ...adminScopes] },
    { introspects: ['https://orders.example', 'urn:orders'] },
    { scope: [] },
    { scope: many(100) },
    { audience: many(20, (n) => `https://api.example/${n}`) },
    { roles: many(50) },
    { signingAlg: 'RS256' },
    { accessTokenTtlSeconds: 1, sessionIdleTtlSeconds: 1, sessionMaxTtlSeconds: 315_360_000 },
    { claims: { tier: 'gold' } },
  ]
  for (const change of changes) t.strictSame(problemsOf(change), [], JSON.stringify(change))
})

t.test('what of a client’s lifetimes does not fit the configuration is told', async (t) => {
  const none = {
    accessTokenTtlSeconds: undefined,
    sessionIdleTtlSeconds: undefined,
    sessionMaxTtlSeconds: undefined,
  }
  const defaults = {
    accessTokenTtlSeconds: 600,
    sessionIdleTtlSeconds: 14 * 86_400,
    sessionMaxTtlSeconds: 90 * 86_400,
  }
  t.strictSame(lifetimeProblems(none, defaults), [])
  t.strictSame(lifetimeProblems({ ...none, sessionMaxTtlSeconds: 14 * 86_400 }, defaults), [])
  t.strictSame(lifetimeProblems({ ...none, sessionIdleTtlSeconds: 60 }, defaults), [
    'its session_idle_ttl (1m) is shorter than ACCESS_TOKEN_TTL (10m), and ends it early',
  ])
  t.strictSame(lifetimeProblems({ ...none, sessionIdleTtlSeconds: 91 * 86_400 }, defaults), [
    'SESSION_MAX_TTL (90d) is shorter than its session_idle_ttl (91d), and ends it early',
  ])
})

t.test('a registration that cannot be is refused with the reason', async (t) => {
  const admin = { scope: ['mintmark:events:read'] }
  const refused: [object, RegExp][] = [
    [admin, /^the scopes that begin with mintmark: are for confidential clients/],
    [{ ...admin, grantTypes: [] }, /whose only grant is client_credentials/],
    [{ ...admin, authenticationMethod: 'none' }, /no user may get them$/],
    ...['mintmark:x', 'Mintmark:events:read', 'mintmark:'].map((scope): [object, RegExp] => [
      { scope: [scope], grantTypes: ['client_credentials'] },
      /^of the scopes that begin with mintmark: there are mintmark:sessions:read, /,
    ]),
    ...['', 'a b', '.a', '-a', 'é', 'a:b', 'x'.repeat(101), UUID, UUID.toUpperCase()].map(
      (clientId): [object, RegExp] => [{ clientId }, /^client_id must/],
    ),
    [{ name: 'x'.repeat(201) }, /^name must/],
    [{ name: 'a\nb' }, /^name must/],
    [{ name: 'a\u202eb' }, /^name must/],
    [{ authenticationMethod: 'private_key_jwt' }, /^token_endpoint_auth_method must/],
    [{ grantTypes: ['implicit'] }, /^grant_types must/],
    [
      { authenticationMethod: 'none', grantTypes: ['client_credentials'] },
      /^a public client.*4\.4/,
    ],
    [{ authenticationMethod: 'none', introspects: ['urn:x'] }, /^a public client.*introspect/],
    [{ scope: ['a b'] }, /^scope must/],
    [{ scope: ['a"b'] }, /^scope must/],
    [{ scope: many(101) }, /^scope must/],
    [{ audience: [] }, /^audience must name 1 to 20/],
    [{ audience: many(21, (n) => `https://api.example/${n}`) }, /^audience must name 1 to 20/],
    ...['orders', '/orders', 'https://a.example/#x', 'https://a b', 'https://ä.example', ''].map(
      (one): [object, RegExp] => [{ audience: [one] }, /^an audience must be an absolute URI/],
    ),
    [{ introspects: ['orders'] }, /^an audience must be an absolute URI/],
    [{ roles: many(51) }, /^roles must/],
    [{ roles: ['two words'] }, /^roles must/],
    [{ roles: ['x'.repeat(65)] }, /^roles must/],
    [{ signingAlg: 'HS256' }, /^signing_alg must be one of ES256, RS256/],
    [{ accessTokenTtlSeconds: 0 }, /^a lifetime must/],
    [{ sessionIdleTtlSeconds: -1 }, /^a lifetime must/],
    [{ sessionMaxTtlSeconds: 315_360_001 }, /^a lifetime must/],
    [
      { accessTokenTtlSeconds: 9, sessionIdleTtlSeconds: 8, sessionMaxTtlSeconds: 8 },
      /^access_token_ttl must not be longer than session_idle_ttl$/,
    ],
    [
      { accessTokenTtlSeconds: 9, sessionMaxTtlSeconds: 8 },
      /^access_token_ttl must not be longer than session_max_ttl$/,
    ],
    [
      { accessTokenTtlSeconds: 1, sessionIdleTtlSeconds: 9, sessionMaxTtlSeconds: 8 },
      /^session_idle_ttl must not be longer than session_max_ttl$/,
    ],
    [{ claims: { iss: 'x' } }, /^claims must not set reserved names: iss/],
  ]
  for (const [change, expected] of refused) {
    const problems = problemsOf(change)
    t.equal(problems.length, 1, JSON.stringify(change).slice(0, 60))
    t.match(problems[0], expected)
  }
  t.equal(
    problemsOf({ clientId: '', audience: [], scope: ['"'] }).length,
    3,
    'all are told at once',
  )
})

t.test('lists are kept without repeats, scope in order', async (t) => {
  const kept = acceptRegistration({
    ...GOOD,
    scope: ['b', 'a', 'b'],
    audience: ['urn:b', 'urn:a', 'urn:b'],
    grantTypes: ['password', 'password'],
    roles: ['x', 'x'],
    introspects: ['urn:b', 'urn:b'],
  })
  t.strictSame(kept.scope, ['a', 'b'])
  t.strictSame(kept.audience, ['urn:b', 'urn:a'])
  t.strictSame([kept.grantTypes, kept.roles, kept.introspects], [['password'], ['x'], ['urn:b']])
})

t.test('a client secret can be found by scanners and is kept as a hash', async (t) => {
  const random = createSeededRandom(t.name)
  const { secret, hash } = drawClientSecret(random)
  t.match(secret, /^mm_cs_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/)
  t.equal(secret.slice(-6), base62(crc32(secret.slice(0, -6))), 'its checksum')
  t.strictSame(hash, sha256(secret))
  t.not(drawClientSecret(random).secret, secret)
})

t.test('a request names its client in one way', async (t) => {
  const read = (header: string | undefined, body: Record<string, string>) =>
    readCredentials(header, collectParameters(Object.entries(body)))
  const header = `Basic ${Buffer.from('web:s%3A1').toString('base64')}`
  const inHeader = { method: 'client_secret_basic', clientId: 'web', secret: 's:1' }
  t.strictSame(read(header, {}), inHeader)
  t.strictSame(read(header, { client_id: 'web' }), inHeader, 'said twice, the same')
  const posted = { method: 'client_secret_post', clientId: 'web', secret: 's' }
  t.strictSame(read(undefined, { client_id: 'web', client_secret: 's' }), posted)
  const open = { method: 'none', clientId: 'web', secret: undefined }
  t.strictSame(read(undefined, { client_id: 'web' }), open)

  const refused: [string | undefined, Record<string, string>, string, boolean][] = [
    [undefined, {}, 'client_authentication_missing', false],
    [undefined, { client_secret: 's' }, 'client_authentication_missing', false],
    [header, { client_secret: 's:1' }, 'client_authentication_ambiguous', false],
    [header, { client_id: 'other' }, 'client_authentication_ambiguous', false],
    ['Basic !', { client_id: 'web' }, 'client_authentication_failed', true],
    ['Bearer abc', { client_id: 'web' }, 'client_authentication_failed', true],
  ]
  for (const [given, body, reason, challenged] of refused) {
    const error = errorOf(() => read(given, body))
    t.equal(error.reason, reason, `${given} ${JSON.stringify(body)}`)
    t.equal('www-authenticate' in error.headers, challenged, 'challenge')
  }
})

t.test('an unknown client, or one without a secret, costs the work of a known one', async (t) => {
  const { secret, hash } = drawClientSecret(createSeededRandom(t.name))
  const now = Date.UTC(2026, 10, 21)
  const registered = (method: string, more: object = {}) => ({
    clientId: 'web',
    authenticationMethod: method,
    secretHash: hash,
    previousSecretHash: undefined,
    previousSecretExpiresAt: undefined,
    ...more,
  })
  const previous = (expiresAt: number) => ({
    secretHash: sha256('another'),
    previousSecretHash: hash,
    previousSecretExpiresAt: expiresAt,
  })
  const work: string[] = []
  let found: object | undefined
  const path = '../../src/clients/authenticate.ts'
  const mocked = await t.mockImport<typeof import('../../src/clients/authenticate.ts')>(path, {
    '../../src/base/hash.ts': {
      sha256(value: string) {
        work.push(`hash ${value}`)
        return sha256(value)
      },
      equalInConstantTime(a: Buffer, b: Buffer) {
        work.push(`compare ${a.length} with ${b.length}`)
        return equalInConstantTime(a, b)
      },
    },
    '../../src/clients/store.ts': { withoutSecrets },
  })
  const db = {} as Executor
  const noted: unknown[] = []
  const recordEvents = async (_tx: unknown, _origin: unknown, events: readonly object[]) => {
    noted.push(...events.map((event) => ('why' in event ? event.why : event)))
  }
  const authenticate = mocked.createAuthenticateClient({
    db,
    clock: { now: () => now },
    findClient: async () => found as ClientWithSecrets,
    recordEvents,
  })
  const method = 'client_secret_basic'
  const none = undefined
  const cases: [
    what: string,
    client: object | undefined,
    secret: string,
    why: string | undefined,
  ][] = [
    ['known, the secret right', registered(method), secret, none],
    ['known, the secret wrong', registered(method), 'wrong', 'wrong_secret'],
    ['known, the method wrong', registered('client_secret_post'), secret, 'wrong_method'],
    ['known, the previous secret', registered(method, previous(now + 1)), secret, none],
    [
      'known, the previous secret too late',
      registered(method, previous(now)),
      secret,
      'wrong_secret',
    ],
    ['known, but disabled', registered(method, { disabledAt: now }), secret, 'client_disabled'],
    ['public', registered('none', { secretHash: undefined }), secret, 'wrong_method'],
    ['unknown', undefined, secret, 'unknown_client'],
  ]
  const met: string[] = []
  const gate = {
    pass: async () => void met.push('pass'),
    count: async () => void met.push('count'),
  }
  for (const [what, client, presented, why] of cases) {
    const accepted = why === undefined
    found = client
    const request = { method, clientId: 'web', secret: presented } as const
    const answer = await authenticate(request, gate, noOrigin).catch((error: unknown) => error)
    const refusal = { reason: 'client_authentication_failed' }
    t.match(answer, accepted ? { clientId: 'web' } : refusal, what)
    const both = ['compare 32 with 32', 'compare 32 with 32']
    t.strictSame(work.splice(0), [`hash ${presented}`, ...both], what)
    // Who knows the secret is not guessing.
    const isGuess = !accepted && what !== 'known, the method wrong'
    t.strictSame(met.splice(0), isGuess ? ['pass', 'count'] : [], what)
    t.strictSame(noted.splice(0), accepted ? [] : [why], `${what}: written down`)
  }
})

t.test('a request gets all that is allowed, or exactly what it names of it', async (t) => {
  const allowed = ['a', 'b', 'c']
  t.strictSame(narrowScope(allowed, undefined), allowed)
  t.strictSame(narrowScope(allowed, 'c a'), ['a', 'c'])
  const excess = errorOf(() => narrowScope(allowed, 'a x y'))
  t.match(excess, { reason: 'scope_not_allowed', message: /x y is not allowed.*a b c/ })
  t.strictSame(narrowAudience(['urn:a', 'urn:b'], []), ['urn:a', 'urn:b'])
  t.strictSame(narrowAudience(['urn:a', 'urn:b'], ['urn:b']), ['urn:b'])
  const foreign = errorOf(() => narrowAudience(['urn:a'], ['urn:a', 'urn:x']))
  t.match(foreign, { reason: 'resource_not_allowed', message: /urn:x/ })
  const client = { clientId: 'web', grantTypes: ['password'] } as unknown as Client
  t.doesNotThrow(() => requireGrant(client, 'password'))
  t.equal(errorOf(() => requireGrant(client, 'client_credentials')).reason, 'grant_not_allowed')
})
