import { noOrigin } from '../../src/audit/event.ts'
import type { Registration } from '../../src/clients/registration.ts'
import { comparable, postRaw, summary } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import { query } from '../support/database.ts'
import { countQueries } from '../support/queries.ts'
import { createTestService, type TestService } from '../support/service.ts'
import { unchanged } from '../support/state.ts'

const BASIC: Partial<Registration> = {
  authenticationMethod: 'client_secret_basic',
  grantTypes: ['client_credentials', 'password', 'refresh_token'],
}
const POST: Partial<Registration> = { ...BASIC, authenticationMethod: 'client_secret_post' }
const operator = { by: 'operator', origin: noOrigin }
const FAILED = '401 invalid_client client_authentication_failed'
const MISSING = '401 invalid_client client_authentication_missing'
const AMBIGUOUS = '400 invalid_request client_authentication_ambiguous'

const header = (text: string | Buffer) => ({
  authorization: `Basic ${Buffer.from(text).toString('base64')}`,
})
const ask = (service: TestService, form: Record<string, string>, headers = {}) =>
  service.post('/token', { grant_type: 'client_credentials', ...form }, headers)

attack(57, 'a confidential client without credentials', async (t) => {
  const service = await createTestService(t)
  const { clientId } = await service.addClient(BASIC)
  for (const [what, form, headers, expected, challenged] of [
    ['nothing', {}, {}, MISSING, false],
    ['its name alone', { client_id: clientId }, {}, FAILED, false],
    ['a wrong secret', { client_id: clientId, client_secret: 'x' }, {}, FAILED, false],
    ['Basic', {}, header(`${clientId}:x`), FAILED, true],
  ] as const) {
    const answer = await unchanged(t, service, what, () => ask(service, form, headers))
    t.equal(summary(answer), expected, what)
    const challenge = answer.headers['www-authenticate']
    t.equal(String(challenge).startsWith('Basic '), challenged, `${what}: challenged`)
  }
})

attack(58, 'an unknown client is told apart by nothing: not by a byte or a query', async (t) => {
  const service = await createTestService(t)
  const known = await service.addClient(BASIC)
  const publicClient = await service.addClient()
  const deleted = await service.addClient(BASIC)
  await service.parts.cutOffs.deleteClient(deleted.clientId, operator)
  const disabled = await service.addClient(BASIC)
  await service.parts.cutOffs.disableClient(disabled.clientId, operator)
  await ask(service, {}, known.basic)
  const tries = [
    header('nobody:wrong'),
    header(`${known.clientId}:wrong`),
    header(`${publicClient.clientId}:wrong`),
    deleted.basic,
    disabled.basic,
  ]
  const [expected, queries] = await countQueries(() => ask(service, {}, tries[0]))
  t.equal(summary(expected), FAILED)
  t.equal(queries, 2, 'one looks for the client, one writes the failure down')
  for (const headers of tries) {
    const [answer, count] = await countQueries(() => ask(service, {}, headers))
    t.strictSame(comparable(answer), comparable(expected))
    t.equal(answer.body.length, expected.body.length)
    t.equal(count, queries, 'the same work')
  }
  const failures = await query(
    service.databaseUrl,
    `select client_id, address, detail ->> 'why' as why, count(*)::int from events
    where type = 'client.authentication_failed' group by 1, 2, 3 order by why`,
  )
  const address = '127.0.0.1'
  t.strictSame(failures, [
    { client_id: disabled.clientId, address, why: 'client_disabled', count: 1 },
    { client_id: null, address, why: 'unknown_client', count: 3 },
    { client_id: publicClient.clientId, address, why: 'wrong_method', count: 1 },
    { client_id: known.clientId, address, why: 'wrong_secret', count: 1 },
  ])
  t.notMatch(JSON.stringify(failures), 'nobody', 'what may be a secret in the wrong place')
})

attack(59, 'a secret that is wrong at its first or at its last character', async (t) => {
  const service = await createTestService(t)
  const { clientId, secret = '' } = await service.addClient(BASIC)
  const wrong = [
    `x${secret.slice(1)}`,
    `${secret.slice(0, -1)}x`,
    secret.slice(0, -1),
    `${secret}x`,
  ]
  const answers = []
  for (const one of wrong) answers.push(await ask(service, {}, header(`${clientId}:${one}`)))
  for (const answer of answers) t.strictSame(comparable(answer), comparable(answers[0] as never))
})

attack(60, 'one way to authenticate, and no second one beside it', async (t) => {
  const service = await createTestService(t)
  const { clientId, secret = '', basic } = await service.addClient(BASIC)
  const assertion = { client_assertion: 'eyJ.e30.', client_assertion_type: 'urn:x' }
  for (const [what, form, headers, expected] of [
    ['Basic and a secret', { client_secret: secret }, basic, AMBIGUOUS],
    ['Basic and both', { client_id: clientId, client_secret: secret }, basic, AMBIGUOUS],
    ['Basic and an assertion', assertion, basic, AMBIGUOUS],
    [
      'a secret and an assertion',
      { client_id: clientId, client_secret: secret, ...assertion },
      {},
      AMBIGUOUS,
    ],
    ['an assertion alone', { client_id: clientId, ...assertion }, {}, FAILED],
  ] as const) {
    const answer = await unchanged(t, service, what, () =>
      ask(service, form as Record<string, string>, headers),
    )
    t.equal(summary(answer), expected, what)
  }
  t.equal(summary(await ask(service, {}, basic)), '200', 'one is fine')
})

attack(62, 'a Basic header that cannot be read', async (t) => {
  const service = await createTestService(t)
  const { clientId } = await service.addClient(BASIC)
  for (const authorization of [
    'Basic',
    'Basic ',
    'Basic !!!!',
    'Basic _-_-',
    `Basic ${Buffer.from('no colon').toString('base64')}`,
    `Basic  ${Buffer.from(':secret').toString('base64')}`,
    header(`${clientId}:%zz`).authorization,
    header(`${clientId}:%ff`).authorization,
    header(`%00:${clientId}`).authorization,
    header(Buffer.from([0x61, 0x3a, 0xff, 0xfe])).authorization,
    header(`${'a'.repeat(8192)}:x`).authorization,
    'Digest username="x"',
    'Bearer abc.def.ghi',
    '',
  ]) {
    const answer = await unchanged(t, service, authorization.slice(0, 40), () =>
      ask(service, {}, { authorization }),
    )
    t.equal(summary(answer), FAILED, authorization.slice(0, 40))
  }
})

attack(64, 'names are compared as they stand', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient({ ...POST, clientId: 'orders.web' })
  const other = await service.addClient(BASIC)
  const mixed = await ask(service, { client_id: client.clientId }, other.basic)
  t.equal(summary(mixed), AMBIGUOUS, 'one in Basic, another in the body')
  const secret = client.secret ?? ''
  for (const name of ['Orders.web', 'orders.web ', ' orders.web', 'orders․web', 'ordеrs.web']) {
    const answer = await ask(service, { client_id: name, client_secret: secret })
    t.equal(summary(answer), FAILED, name)
  }
  t.equal(summary(await ask(service, { client_id: 'orders.web', client_secret: secret })), '200')
})

attack(66, 'a public client has no secret, and speaks for no one but its users', async (t) => {
  const service = await createTestService(t)
  const { clientId } = await service.addClient()
  for (const secret of ['x', 'null', clientId]) {
    const answer = await ask(service, { client_id: clientId, client_secret: secret })
    t.equal(summary(answer), FAILED, secret)
    t.equal(summary(await ask(service, {}, header(`${clientId}:${secret}`))), FAILED, secret)
  }
  const forbidden = '400 unauthorized_client grant_not_allowed'
  t.equal(summary(await ask(service, { client_id: clientId })), forbidden)
})

attack(67, 'a deleted or disabled client is nobody, its refresh tokens are dead', async (t) => {
  const service = await createTestService(t)
  for (const end of ['deleteClient', 'disableClient'] as const) {
    const client = await service.addClient(BASIC)
    const { tokens } = await service.logIn(client)
    await service.parts.cutOffs[end](client.clientId, operator)
    t.equal(summary(await ask(service, {}, client.basic)), FAILED)
    const refused = await service.refresh(client, tokens.refresh_token)
    t.equal(summary(refused), FAILED)
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const me = await service.inject({ url: '/me', headers })
    t.equal(me.statusCode, 401, 'so are its access tokens, here')
    if (end === 'deleteClient') continue
    await service.parts.cutOffs.enableClient(client.clientId, operator)
    t.equal(summary(await ask(service, {}, client.basic)), '200', 'enabled, it works again')
    const ended = await service.refresh(client, tokens.refresh_token)
    t.equal(summary(ended), '400 invalid_grant client_disabled', 'its sessions do not')
    t.equal((await service.inject({ url: '/me', headers })).statusCode, 401)
  }
})

attack(68, 'the secret before works until its overlap ends', async (t) => {
  const service = await createTestService(t)
  const { clientId, basic } = await service.addClient(BASIC)
  const rotated = await service.parts.rotateClientSecret(clientId, 60, operator)
  const secret = 'secret' in rotated ? rotated.secret : ''
  t.equal(summary(await ask(service, {}, basic)), '200')
  service.clock.advance(60)
  t.equal(summary(await ask(service, {}, basic)), FAILED)
  t.equal(summary(await ask(service, {}, header(`${clientId}:${secret}`))), '200')
})

attack(65, 'a client that is registered for one method does not get in by another', async (t) => {
  const service = await createTestService(t)
  const byBasic = await service.addClient(BASIC)
  const byPost = await service.addClient(POST)
  const inBody = { client_id: byBasic.clientId, client_secret: byBasic.secret ?? '' }
  t.equal(summary(await ask(service, inBody)), FAILED)
  t.equal(summary(await ask(service, {}, byPost.basic)), FAILED)
  const body = `grant_type=client_credentials&client_id=${byPost.clientId}`
  t.equal(summary(await postRaw(service, '/token', body)), FAILED, 'nor by its name alone')
})
