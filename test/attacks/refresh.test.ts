import type { Test } from 'tap'
import { noOrigin } from '../../src/audit/event.ts'
import { claimsOf, readEvents, summary } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import { query } from '../support/database.ts'
import { countQueries } from '../support/queries.ts'
import {
  createTestService,
  type ServiceOptions,
  type TestService,
  type Tokens,
} from '../support/service.ts'
import { unchanged } from '../support/state.ts'

const UNKNOWN = '400 invalid_grant refresh_unknown'
const operator = { by: 'operator', origin: noOrigin }

async function start(t: Test, options?: ServiceOptions) {
  const service = await createTestService(t, options)
  const client = await service.addClient()
  return { service, ...(await service.logIn(client)) }
}

attack(82, 'the refresh token of one client, presented by another', async (t) => {
  const { service, client, tokens } = await start(t)
  const other = await service.addClient()
  const machine = await service.addClient({ authenticationMethod: 'client_secret_basic' })
  for (const thief of [other, machine]) {
    const refused = await service.refresh(thief, tokens.refresh_token)
    t.equal(summary(refused), '400 invalid_grant client_mismatch')
  }
  t.equal((await readEvents(service, 'refresh.client_mismatch')).length, 2)
  t.equal(summary(await service.refresh(client, tokens.refresh_token)), '200', 'it is untouched')
})

attack(83, 'a client that does not say who it is, or does not prove it', async (t) => {
  const service = await createTestService(t)
  const machine = await service.addClient({ authenticationMethod: 'client_secret_basic' })
  const { tokens } = await service.logIn(machine)
  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
  for (const [more, reason] of [
    [{}, 'client_authentication_missing'],
    [{ client_id: machine.clientId }, 'client_authentication_failed'],
    [{ client_id: machine.clientId, client_secret: 'x' }, 'client_authentication_failed'],
  ] as const) {
    const answer = await unchanged(t, service, reason, () =>
      service.post('/token', { ...form, ...more }),
    )
    t.equal(summary(answer), `401 invalid_client ${reason}`)
  }
})

attack(84, 'after a logout, a revocation, or a revoked access token', async (t) => {
  const { service, client } = await start(t)
  const ends: [string, (tokens: Tokens) => Promise<unknown>][] = [
    ['logout', ({ refresh_token }) => service.post('/logout', { refresh_token })],
    [
      'refresh token revoked',
      ({ refresh_token: token }) => service.post('/revoke', { token, client_id: client.clientId }),
    ],
    [
      'access token revoked',
      ({ access_token: token }) => service.post('/revoke', { token, client_id: client.clientId }),
    ],
  ]
  for (const [what, end] of ends) {
    const { tokens } = await service.logIn(client)
    await end(tokens)
    const refused = await service.refresh(client, tokens.refresh_token)
    t.equal(summary(refused), '400 invalid_grant session_revoked', what)
  }
})

attack(85, 'a refresh and a revocation at once: whatever wins, the session is dead', async (t) => {
  const { service, client } = await start(t)
  for (let round = 0; round < 10; round += 1) {
    const { tokens } = await service.logIn(client)
    const form = { token: tokens.refresh_token, client_id: client.clientId }
    const [refreshed] = await Promise.all([
      service.refresh(client, tokens.refresh_token),
      service.post('/revoke', form),
    ])
    const { refresh_token: value = tokens.refresh_token } = refreshed.json<Partial<Tokens>>()
    const refused = await service.refresh(client, value)
    t.equal(summary(refused), '400 invalid_grant session_revoked', `round ${round}`)
  }
})

/** The facts outside the session that end it, and how a refresh is told. */
const ENDS: Record<
  string,
  [
    (
      service: TestService,
      who: { clientId: string; sub: string; username: string },
    ) => Promise<unknown>,
    string,
  ]
> = {
  'user disabled': [
    ({ parts }, { username }) => parts.endSessions.disableUser(username, operator),
    '400 invalid_grant user_disabled',
  ],
  'password changed': [
    ({ parts }, { username }) => parts.endSessions.changePassword(username, 'hash', operator),
    '400 invalid_grant password_changed',
  ],
  'client deleted': [
    ({ parts }, { clientId }) => parts.cutOffs.deleteClient(clientId, operator),
    '401 invalid_client client_authentication_failed',
  ],
  'all of the user’s ended': [
    ({ parts }, { sub }) => parts.endSessions.end({ sub }, 'ended_by_operator', operator),
    '400 invalid_grant session_revoked',
  ],
  'all of the client’s ended': [
    ({ parts }, { clientId }) =>
      parts.cutOffs.set({ kind: 'client', id: clientId }, undefined, operator),
    '400 invalid_grant session_revoked',
  ],
}

for (const [what, [end, expected]] of Object.entries(ENDS)) {
  const number = what.startsWith('all') ? 87 : 86
  attack(number, `${what}: the refresh token is dead, that of others lives`, async (t) => {
    const { service, client, tokens, sub } = await start(t)
    const others = await service.logIn()
    const [user] = await query(service.databaseUrl, 'select username from users where sub = $1', [
      sub,
    ])
    await end(service, { clientId: client.clientId, sub, username: user?.username as string })
    const refused = await unchanged(t, service, what, () =>
      service.refresh(client, tokens.refresh_token),
    )
    t.equal(summary(refused), expected)
    t.equal(summary(await service.refresh(others.client, others.tokens.refresh_token)), '200')
  })
}

attack(90, 'a wider scope costs nothing; a narrower one narrows one token', async (t) => {
  const { service, client, tokens } = await start(t)
  const refresh = (value: string, scope: string) => service.refresh(client, value, { scope })
  for (const scope of ['orders:read admin', 'sessions:start']) {
    const answer = await unchanged(t, service, scope, () => refresh(tokens.refresh_token, scope))
    t.equal(summary(answer), '400 invalid_scope scope_not_allowed')
  }
  const narrow = (await refresh(tokens.refresh_token, 'orders:read')).json<Tokens>()
  t.equal(narrow.scope, 'orders:read')
  const full = (await service.refresh(client, narrow.refresh_token)).json<Tokens>()
  t.equal(full.scope, 'orders:read orders:write', 'the grant is what it was')
})

attack(92, 'a session ends when it idles, and at its age whatever happens', async (t) => {
  const env = { SESSION_IDLE_TTL: '1h', SESSION_MAX_TTL: '25h' }
  const { service, client, tokens } = await start(t, { env })
  const idle = await service.logIn(client)
  let value = tokens.refresh_token
  for (let n = 1; n < 100; n += 1) {
    service.clock.advance(900)
    const next = (await service.refresh(client, value)).json<Tokens>()
    if (next.session_expires_in !== 25 * 3600 - n * 900) t.fail(`refresh ${n} moved the end`)
    value = next.refresh_token
  }
  const idled = await service.refresh(client, idle.tokens.refresh_token)
  t.equal(summary(idled), '400 invalid_grant session_idle_timeout')
  service.clock.advance(900)
  t.equal(summary(await service.refresh(client, value)), '400 invalid_grant session_max_age')
})

attack(93, 'a predecessor within its window, of a session that has expired', async (t) => {
  const env = { SESSION_IDLE_TTL: '60s', ACCESS_TOKEN_TTL: '30s', REFRESH_RETRY_WINDOW: '10m' }
  const { service, client, tokens } = await start(t, { env })
  await service.refresh(client, tokens.refresh_token)
  service.clock.advance(60)
  const refused = await service.refresh(client, tokens.refresh_token)
  t.equal(summary(refused), '400 invalid_grant session_idle_timeout')
})

attack(
  94,
  'a token of another kind is no refresh token, nor a refresh token a bearer’s',
  async (t) => {
    const { service, client, tokens } = await start(t)
    const { sid, jti, sub } = claimsOf(tokens.access_token) as Record<string, string>
    for (const value of [tokens.access_token, sid, jti, sub, client.clientId, 'mm_cs_secret']) {
      const refused = await unchanged(t, service, 'another kind', () =>
        service.refresh(client, value as string),
      )
      t.equal(summary(refused), UNKNOWN)
    }
    const me = await service.inject({
      url: '/me',
      headers: { authorization: `Bearer ${tokens.refresh_token}` },
    })
    t.equal(me.statusCode, 401)
    t.match(me.headers['www-authenticate'], 'error="invalid_token"')
  },
)

attack(
  95,
  'a value with any character changed is refused, and asks the database nothing',
  async (t) => {
    const { service, client, tokens } = await start(t)
    const { refresh_token: value } = tokens
    const forged = [...value].map((character, at) => {
      const other = character === 'A' ? 'B' : 'A'
      return `${value.slice(0, at)}${other}${value.slice(at + 1)}`
    })
    const misspelled = [
      ` ${value}`,
      `${value} `,
      value.toUpperCase(),
      value.slice(0, -1),
      `${value}A`,
    ]
    const [answers, queries] = await countQueries(async () => {
      const all = []
      for (const one of [...forged, ...misspelled]) all.push(await service.refresh(client, one))
      return all
    })
    t.strictSame([...new Set(answers.map(summary))], [UNKNOWN])
    t.equal(answers.length, value.length + 5)
    t.equal(queries, 0)
  },
)

attack(97, 'what a dump of the database holds is no refresh token', async (t) => {
  const { service, client } = await start(t)
  const rows = await query(
    service.databaseUrl,
    "select encode(handle_hash, 'hex') as hex, encode(handle_hash, 'base64') as base64, id::text, row_to_json(sessions)::text as row from sessions",
  )
  for (const value of rows.flatMap((row) => Object.values(row) as string[])) {
    for (const presented of [value, `mm_rt_${value}`]) {
      const refused = await unchanged(t, service, 'a dump', () =>
        service.refresh(client, presented),
      )
      t.equal(summary(refused), UNKNOWN)
    }
  }
})
