import { generateKeyPairSync } from 'node:crypto'
import t, { type Test } from 'tap'
import { operator as commandLine } from '../../src/cli/operator.ts'
import { InvalidRegistration } from '../../src/clients/registration.ts'
import { type AdminScope, adminScopes } from '../../src/oauth/admin-scopes.ts'
import { createTestAdmin } from '../support/admin.ts'
import { claimsOf, countRows, readEvents } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import { adminContract } from '../support/contract.ts'
import { query } from '../support/database.ts'
import { createTestService, ORDERS, type Tokens } from '../support/service.ts'

t.setTimeout(120_000)

/** A good request for every operation that is not for everybody, and the scope that it takes. */
async function everyOperation(t: Test) {
  const service = await createTestService(t)
  const admin = await createTestAdmin(t, service)
  const { tokens, sub, client } = await service.logIn()
  const sid = String(claimsOf(tokens.access_token).sid)
  const { keys } = JSON.parse(service.parts.keyRing.jwks()?.body ?? '')
  const { kid } = keys.find(({ alg }: { alg: string }) => alg === 'RS256')
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const operations: [line: string, scope: AdminScope, payload?: object][] = [
    ['GET /sessions', 'mintmark:sessions:read'],
    [`GET /sessions/${sid}`, 'mintmark:sessions:read'],
    [`DELETE /sessions/${sid}`, 'mintmark:sessions:write'],
    [`POST /users/${sub}/end-sessions`, 'mintmark:sessions:write'],
    ['GET /cut-offs', 'mintmark:cut-offs:read'],
    [`PUT /cut-offs/users/${sub}`, 'mintmark:cut-offs:write'],
    [`PUT /cut-offs/clients/${client.clientId}`, 'mintmark:cut-offs:write'],
    ['GET /events', 'mintmark:events:read'],
    [`GET /sessions/${sid}/events`, 'mintmark:events:read'],
    [`GET /explanations/sessions/${sid}`, 'mintmark:events:read'],
    [`GET /explanations/users/${sub}`, 'mintmark:events:read'],
    ['GET /keys', 'mintmark:keys:read'],
    ['GET /keys/plan', 'mintmark:keys:read'],
    ['GET /keys/time-line', 'mintmark:keys:read'],
    ['GET /keys/time-line.svg', 'mintmark:keys:read'],
    [`GET /keys/${kid}`, 'mintmark:keys:read'],
    [`GET /keys/${kid}/revocation`, 'mintmark:keys:read'],
    ['POST /keys/rotate', 'mintmark:keys:write'],
    ['POST /keys/reencrypt', 'mintmark:keys:write'],
    ['POST /keys/import', 'mintmark:keys:write', { jwk }],
    [`POST /keys/${kid}/revoke`, 'mintmark:keys:write', { emergency: true }],
  ]
  return { service, ...admin, operations, tokens, sub, sid, client }
}

/** With this Authorization header, or with none. */
const by = (authorization: string | undefined) => ({
  headers: authorization === undefined ? { authorization: '' } : { authorization },
})

attack(165, 'every operation of the admin API is one that is attacked here', async (t) => {
  const { operations } = await everyOperation(t)
  const described = Object.entries(adminContract.document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security }]) => security.length > 0)
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  )
  const left = described.filter((one) => {
    const pattern = new RegExp(`^${one.replace(/\{\w+\}/g, '[^/]+')}$`)
    return !operations.some(([line]) => pattern.test(line))
  })
  t.strictSame(left, [])
})

attack(165, 'no token, a user’s, another’s: the admin API lets none of them in', async (t) => {
  const all = await everyOperation(t)
  const { app, service, ask, tokenWith, operations, tokens, sub, sid } = all
  const events = await countRows(service, 'events')
  const client = await service.addClient()
  // No registration allows it: somebody has written to the database.
  const allow = 'update clients set scope = scope || $2 where client_id = $1'
  await query(service.databaseUrl, allow, [client.clientId, [...adminScopes]])
  const { tokens: powerful } = await service.logIn(client)
  t.match(powerful.scope, 'mintmark:sessions:write')
  const good = await tokenWith(adminScopes)
  const [head = '', body = '', signature = ''] = good.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  const forged = Buffer.from(JSON.stringify({ ...claims, scope: 'x' })).toString('base64url')
  const written = await countRows(service, 'events')
  for (const [line] of operations) {
    for (const [what, authorization, status, code] of [
      ['no token', undefined, 401, 'token_missing'],
      ['a secret', all.operator.basic.authorization, 401, 'token_missing'],
      ['nonsense', 'Bearer x', 401, 'token_malformed'],
      ['a refresh token', `Bearer ${tokens.refresh_token}`, 401, 'token_malformed'],
      ['a user’s', `Bearer ${tokens.access_token}`, 403, 'client_required'],
      ['a user’s with every scope', `Bearer ${powerful.access_token}`, 403, 'client_required'],
      [
        'for another audience',
        `Bearer ${await tokenWith(adminScopes, ORDERS)}`,
        401,
        'token_invalid',
      ],
      ['with another body', `Bearer ${head}.${forged}.${signature}`, 401, 'token_invalid'],
    ] as const) {
      const answer = await ask(line, by(authorization))
      t.match(answer.json(), { status, code }, `${line}: ${what}`)
      if (status === 401) t.match(answer.headers['www-authenticate'], /^Bearer realm="mintmark"/)
    }
    const [method, url] = line.split(' ') as ['GET', string]
    const inQuery = await app.inject({ method, url: `${url}?access_token=${good}` })
    t.equal(inQuery.statusCode, 401, `${line}: in the URL`)
  }
  t.equal(await countRows(service, 'events'), written, 'nothing has happened')
  t.ok(written >= events)
  t.match((await ask(`GET /sessions/${sid}`)).json(), { state: 'live', sub })
  service.clock.advance(601)
  t.match((await ask('GET /sessions', by(`Bearer ${good}`))).json(), { code: 'token_expired' })
})

attack(165, 'a token does what its scopes say, and nothing beside it', async (t) => {
  const { ask, tokenWith, operations } = await everyOperation(t)
  const own = new Map<AdminScope, string>()
  const others = new Map<AdminScope, string>()
  for (const scope of adminScopes) {
    own.set(scope, `Bearer ${await tokenWith([scope])}`)
    const rest = adminScopes.filter((other) => other !== scope)
    others.set(scope, `Bearer ${await tokenWith(rest)}`)
  }
  for (const [line, scope] of operations) {
    const refused = await ask(line, by(others.get(scope)))
    t.match(refused.json(), { status: 403, code: 'insufficient_scope' }, line)
    const challenge = `Bearer realm="mintmark", error="insufficient_scope", error_description="this needs an access token with the scope ${scope}", scope="${scope}"`
    t.equal(refused.headers['www-authenticate'], challenge, line)
  }
  for (const [line, scope, payload] of operations) {
    const answer = await ask(line, { ...by(own.get(scope)), ...(payload && { payload }) })
    t.ok(answer.statusCode < 300, line)
  }
})

attack(165, 'a token dies with its client, or when it is revoked', async (t) => {
  const { service, ask, operator } = await everyOperation(t)
  const form = { grant_type: 'client_credentials' }
  const answer = await service.post('/token', form, operator.basic)
  const { access_token: token } = answer.json<Tokens>()
  t.equal((await ask('GET /sessions', by(`Bearer ${token}`))).statusCode, 200)
  await service.post('/revoke', { token }, operator.basic)
  const revoked = await ask('GET /sessions', by(`Bearer ${token}`))
  t.match(revoked.json(), { status: 401, code: 'token_revoked' })
  t.equal((await ask('GET /sessions')).statusCode, 200, 'another of the same client')
  await service.parts.cutOffs.deleteClient(operator.clientId, commandLine)
  t.match((await ask('GET /sessions')).json(), { status: 401, code: 'token_revoked' })
})

attack(165, 'at the public port there is nothing of it', async (t) => {
  const { service, operations, tokenWith } = await everyOperation(t)
  const authorization = `Bearer ${await tokenWith(adminScopes)}`
  for (const [line] of operations) {
    const [method, url] = line.split(' ') as ['GET', string]
    const answer = await service.inject({ method, url, headers: { authorization } })
    // Paths that a user has as well ask for a user, and take no other's id.
    t.ok([403, 404, 405].includes(answer.statusCode), `${line}: ${answer.statusCode}`)
  }
  t.equal((await service.inject({ url: '/events' })).statusCode, 404)
  for (const url of ['/users/x/end-sessions', '/cut-offs', '/cut-offs/users/x']) {
    t.equal((await service.inject({ url })).statusCode, 404, url)
  }
})

attack(168, 'a field that nobody asked for is refused', async (t) => {
  const { ask, operations } = await everyOperation(t)
  for (const [line] of operations) {
    for (const field of ['id', 'secret_hash', 'tenant_id', 'created_at', '__proto__']) {
      // It is a filter there.
      if (line === 'GET /cut-offs' && field === 'id') continue
      const inQuery = await ask(`${line}?${field}=1`)
      t.match(inQuery.json(), { status: 400, code: 'parameter_invalid' }, `${line}?${field}`)
      if (line.startsWith('GET') || field === '__proto__') continue
      const inBody = await ask(line, { payload: { [field]: '1' } })
      t.match(inBody.json(), { status: 400, code: 'parameter_invalid' }, `${line}: ${field}`)
    }
  }
})

attack(169, 'no answer holds a secret, or anything that one is made of', async (t) => {
  const { service, ask, operations, tokens, operator } = await everyOperation(t)
  const rows = await query(
    service.databaseUrl,
    `select encode(handle_hash, 'hex') hash, encode(handle_hash, 'base64') coded from sessions`,
  )
  const secrets = [
    operator.secret ?? '',
    tokens.refresh_token,
    tokens.access_token,
    ...rows.flatMap((row) => Object.values(row).map(String)),
  ]
  for (const [line] of operations) {
    const { body } = await ask(line)
    for (const secret of secrets) t.notOk(body.includes(secret), line)
    t.notMatch(body, /mm_rt_|mm_cs_|"eyJ|hash|argon2|"(d|p|q|dp|dq|qi|k)":|PRIVATE/, line)
  }
})

attack(170, 'a client of the admin API stays what it had to be at its registration', async (t) => {
  const { service, operator } = await everyOperation(t)
  const change = { refreshTokenIn: 'cookie' } as const
  await t.rejects(
    service.parts.changeClient(operator.clientId, change, commandLine),
    InvalidRegistration,
  )
  for (const registration of [
    { authenticationMethod: 'none' },
    { authenticationMethod: 'none', grantTypes: ['client_credentials'] },
    { authenticationMethod: 'client_secret_basic' },
    {
      authenticationMethod: 'client_secret_basic',
      grantTypes: ['client_credentials', 'refresh_token'],
    },
  ] as const) {
    const scope = ['mintmark:sessions:read']
    const grantTypes = [
      ...('grantTypes' in registration ? registration.grantTypes : ['password' as const]),
    ]
    const tried = service.addClient({ ...registration, grantTypes, scope })
    await t.rejects(tried, InvalidRegistration, JSON.stringify(registration))
  }
})

attack(
  171,
  'a cursor is good for the list that gave it out, and no other text is one',
  async (t) => {
    const { service, ask, client } = await everyOperation(t)
    await service.logIn(client)
    const first = await ask('GET /sessions?limit=1&state=all')
    const cursor: string = first.json().next_cursor
    const take = async (list: string, text: string) =>
      (await ask(`GET ${list}cursor=${encodeURIComponent(text)}`)).json()
    t.equal((await take('/sessions?limit=1&state=all&', cursor)).sessions.length, 1)
    t.equal((await take('/sessions?state=all&limit=5&', cursor)).sessions.length, 1, 'in any size')
    const bytes = Buffer.from(cursor, 'base64url')
    const tampered = [...bytes.keys()].map((at) => {
      const copy = Buffer.from(bytes)
      copy[at] = (copy[at] ?? 0) ^ 1
      return copy.toString('base64url')
    })
    const lists = [
      '/sessions?',
      '/sessions?state=live&',
      `/sessions?state=all&client_id=${client.clientId}&`,
      '/events?',
      '/cut-offs?',
    ]
    for (const list of lists) {
      t.match(await take(list, cursor), { status: 400, code: 'cursor_invalid' }, list)
    }
    for (const text of [...tampered, `${cursor}=`, cursor.slice(1), "' or true--", '0', '{}']) {
      t.match(
        await take('/sessions?state=all&', text),
        { status: 400, code: 'cursor_invalid' },
        text,
      )
    }
  },
)

attack(171, 'SQL in a filter finds nothing and breaks nothing', async (t) => {
  const { ask } = await everyOperation(t)
  for (const text of ["' or true--", "x'; drop table sessions;--", '%', '*', '\\', '$1']) {
    const value = encodeURIComponent(text)
    t.strictSame((await ask(`GET /sessions?sub=${value}`)).json(), { sessions: [] }, text)
    t.strictSame((await ask(`GET /events?client_id=${value}`)).json(), { events: [] }, text)
    t.strictSame((await ask(`GET /events?request_id=${value}`)).json(), { events: [] }, text)
    t.equal((await ask(`GET /events?sid=${value}`)).statusCode, 400, text)
    t.equal((await ask(`GET /sessions?sort=${value}`)).statusCode, 400, text)
  }
})

attack(173, 'what an operator changes and the word of it are committed together', async (t) => {
  const { service, ask, operations, operator, sid } = await everyOperation(t)
  await query(
    service.databaseUrl,
    `create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$`,
  )
  await query(
    service.databaseUrl,
    'create trigger refuse before insert on events for each row execute function refuse()',
  )
  const mutations = operations.filter(
    // No key is encrypted by an old master key: there is nothing to do, and nothing to write down.
    ([line]) => !line.startsWith('GET') && line !== 'POST /keys/reencrypt',
  )
  t.equal(mutations.length, 7)
  const keys = await query(service.databaseUrl, 'select * from signing_keys order by kid')
  for (const [line, , payload] of mutations) {
    t.equal((await ask(line, payload && { payload })).statusCode, 500, line)
    t.match((await ask(`GET /sessions/${sid}`)).json(), { state: 'live' }, 'it has not happened')
  }
  const after = await query(service.databaseUrl, 'select * from signing_keys order by kid')
  t.strictSame(after, keys, 'nor anything with a key')
  await query(service.databaseUrl, 'drop trigger refuse on events')
  t.equal((await ask(`DELETE /sessions/${sid}`)).statusCode, 204)
  t.match(await readEvents(service, 'session.ended'), [
    { sid, detail: { reason: 'ended_by_operator', by: operator.clientId } },
  ])
})
