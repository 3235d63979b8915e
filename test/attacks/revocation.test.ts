import type { Registration } from '../../src/clients/registration.ts'
import { summary } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import { createGatedDatabase } from '../support/outage.ts'
import {
  createTestService,
  ORDERS,
  type ServiceOptions,
  type TestService,
} from '../support/service.ts'
import { unchanged } from '../support/state.ts'

const MACHINE: Partial<Registration> = {
  authenticationMethod: 'client_secret_basic',
  grantTypes: ['client_credentials'],
}
const GARBAGE = [
  'garbage',
  'mm_rt_AAAA',
  'a.b.c',
  'eyJhbGciOiJub25lIn0.e30.',
  'é',
  'x'.repeat(10_000),
]

/** A session, its client, and the resource server of the audience. */
async function start(t: Parameters<typeof createTestService>[0], options?: ServiceOptions) {
  const service = await createTestService(t, options)
  const orders = await service.addClient({ ...MACHINE, introspects: [ORDERS] })
  const { tokens, client } = await service.logIn()
  return { service, orders, client, tokens }
}

const introspect = async (service: TestService, token: string, headers: Record<string, string>) =>
  service.post('/introspect', { token }, headers)

attack(129, 'a token that is unknown, expired or revoked is no error to revoke', async (t) => {
  const { service, client, tokens } = await start(t)
  const revoke = (token: string) => service.post('/revoke', { token, client_id: client.clientId })
  for (const token of GARBAGE) {
    const answer = await unchanged(t, service, token.slice(0, 20), () => revoke(token))
    t.equal(answer.statusCode, 200, token.slice(0, 20))
    t.equal(answer.body, '')
  }
  for (const which of ['first', 'second']) {
    t.equal((await revoke(tokens.refresh_token)).statusCode, 200, which)
  }
  for (const method of ['GET', 'DELETE', 'PUT'] as const) {
    const answer = await service.inject({ method, url: '/revoke' })
    t.equal(answer.statusCode, 405, method)
  }
})

attack(130, 'who revokes must be the client of the token', async (t) => {
  const { service, client, tokens, orders } = await start(t)
  const other = await service.addClient()
  const { refresh_token: token } = tokens
  for (const [what, form, headers, expected] of [
    ['nobody', { token }, {}, '401 invalid_client client_authentication_missing'],
    [
      'a client that is unknown',
      { token, client_id: 'nobody' },
      {},
      '401 invalid_client client_authentication_failed',
    ],
    [
      'another public client',
      { token, client_id: other.clientId },
      {},
      '400 unauthorized_client token_of_other_client',
    ],
    [
      'another confidential one',
      { token },
      orders.basic,
      '400 unauthorized_client token_of_other_client',
    ],
    [
      'another, by the access token',
      { token: tokens.access_token, client_id: other.clientId },
      {},
      '400 unauthorized_client token_of_other_client',
    ],
  ] as const) {
    const answer = await unchanged(t, service, what, () => service.post('/revoke', form, headers))
    t.equal(summary(answer), expected, what)
  }
  const hinted = { token, client_id: client.clientId, token_type_hint: 'access_token' }
  t.equal((await service.post('/revoke', hinted)).statusCode, 200, 'a wrong hint is only a hint')
  const refused = await service.refresh(client, token)
  t.equal(summary(refused), '400 invalid_grant session_revoked')
})

attack(131, 'a revocation that could not be stored is 503, never 200', async (t) => {
  const database = await createGatedDatabase(t)
  const { service, client, tokens } = await start(t, { databaseUrl: database.url })
  await database.shut()
  for (const token of [tokens.refresh_token, tokens.access_token]) {
    const answer = await service.post('/revoke', { token, client_id: client.clientId })
    t.equal(summary(answer), '503 temporarily_unavailable database_unavailable')
    t.match(answer.headers['retry-after'], /^[1-9]\d*$/)
  }
  await database.open()
  t.equal(summary(await service.refresh(client, tokens.refresh_token)), '200', 'it lives')
})

attack(132, 'once a refresh token is revoked its access tokens are inactive', async (t) => {
  const { service, orders, client, tokens } = await start(t)
  const active = async () =>
    (await introspect(service, tokens.access_token, orders.basic)).json().active
  t.equal(await active(), true)
  await service.post('/revoke', { token: tokens.refresh_token, client_id: client.clientId })
  t.equal(await active(), false, 'at once')
  t.ok(tokens.expires_in <= 600, `and offline within ${tokens.expires_in} s`)
})

attack(133, 'who asks about tokens authenticates as a client that keeps a secret', async (t) => {
  const { service, client, tokens } = await start(t)
  const { access_token: token } = tokens
  for (const [what, form, headers, expected] of [
    ['nobody', { token }, {}, '401 invalid_client client_authentication_missing'],
    [
      'a user',
      { token },
      { authorization: `Bearer ${token}` },
      '401 invalid_client client_authentication_failed',
    ],
    [
      'a public client',
      { token, client_id: client.clientId },
      {},
      '403 unauthorized_client client_not_allowed',
    ],
  ] as const) {
    t.equal(summary(await service.post('/introspect', form, headers)), expected, what)
  }
})

attack(
  134,
  'of a token for another audience it is told that it is inactive, no more',
  async (t) => {
    const { service, tokens } = await start(t)
    const billing = await service.addClient({
      ...MACHINE,
      introspects: ['https://billing.example'],
    })
    const answer = await introspect(service, tokens.access_token, billing.basic)
    t.equal(answer.body, '{"active":false}')
  },
)

attack(135, 'whatever is not active is only that', async (t) => {
  const { service, orders, client, tokens } = await start(t)
  const expect = async (what: string, token: string) => {
    const answer = await introspect(service, token, orders.basic)
    t.equal(answer.statusCode, 200, what)
    t.equal(answer.body, '{"active":false}', what)
    t.equal(answer.headers['cache-control'], 'no-store', what)
  }
  for (const token of GARBAGE) await expect(token.slice(0, 20), token)
  await expect('a refresh token, for a resource server', tokens.refresh_token)
  const [head, claims, signature = ''] = tokens.access_token.split('.')
  await expect('another signature', `${head}.${claims}.${signature.split('').reverse().join('')}`)
  service.clock.advance(tokens.expires_in)
  await expect('an expired one', tokens.access_token)
  const { access_token: fresh } = (await service.refresh(client, tokens.refresh_token)).json()
  await service.post('/revoke', { token: fresh, client_id: client.clientId })
  await expect('a revoked one', fresh)
  const megabyte = await introspect(service, 'x'.repeat(1_000_000), orders.basic)
  t.equal(megabyte.statusCode, 413, 'a megabyte is not even read')
})
