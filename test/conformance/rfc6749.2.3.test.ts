import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { sha256 } from '../../src/base/hash.ts'
import type { Registration } from '../../src/clients/registration.ts'
import { drawClientSecret } from '../../src/clients/secret.ts'
import { replaceSecret } from '../../src/clients/store.ts'
import { comparable, summary } from '../support/answer.ts'
import { query } from '../support/database.ts'
import { createSeededRandom } from '../support/random.ts'
import { createTestService, type TestService } from '../support/service.ts'

const BASIC: Partial<Registration> = {
  authenticationMethod: 'client_secret_basic',
  grantTypes: ['client_credentials', 'password', 'refresh_token'],
}
const POST: Partial<Registration> = { ...BASIC, authenticationMethod: 'client_secret_post' }
const FAILED = '401 invalid_client client_authentication_failed'
const AMBIGUOUS = '400 invalid_request client_authentication_ambiguous'
const CHALLENGE = 'Basic realm="mintmark", charset="UTF-8"'

const basic = (clientId: string, secret: string | undefined) => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
})
const ask = (service: TestService, form: Record<string, string>, headers = {}) =>
  service.post('/token', { grant_type: 'client_credentials', ...form }, headers)

t.test('both halves of Basic are form-decoded before they are compared', async (t) => {
  const service = await createTestService(t)
  const { clientId } = await service.addClient({ ...BASIC, clientId: 'a.b-c' })
  const secret = 'p:a s+s%/é'
  await query(service.databaseUrl, 'update clients set secret_hash = $1', [sha256(secret)])
  const encoded = encodeURIComponent(secret)
  const everyByte = (text: string) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')

  t.match(encoded, /%3A.*%20.*%2B.*%25/, 'the secret needs decoding')
  for (const [what, id, sent, expected] of [
    ['a space as %20', clientId, encoded, '200'],
    ['a space as +', clientId, encoded.replaceAll('%20', '+'), '200'],
    ['every byte encoded', everyByte(clientId), everyByte(secret), '200'],
    ['a second colon unencoded', clientId, encoded.replace('%3A', ':'), '200'],
    ['a + unencoded is a space', clientId, encoded.replace('%2B', '+'), FAILED],
    ['encoded twice', clientId, encodeURIComponent(encoded), FAILED],
    ['not encoded at all', clientId, secret, FAILED],
  ] as const) {
    t.equal(summary(await ask(service, {}, basic(id, sent))), expected, what)
  }
  const { authorization } = basic(clientId, encoded)
  for (const scheme of ['basic', 'BASIC', 'bAsIc']) {
    const headers = { authorization: authorization.replace('Basic', scheme) }
    t.equal(summary(await ask(service, {}, headers)), '200', `scheme ${scheme}`)
  }
})

t.test('an Authorization header that cannot be read is invalid_client, never more', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient(BASIC)
  const encode = (text: string | Buffer) => `Basic ${Buffer.from(text).toString('base64')}`
  for (const [what, authorization] of Object.entries({
    'no credentials': 'Basic',
    'no base64': 'Basic !!!!',
    'base64url alphabet': 'Basic _-_-',
    'no colon': encode('client'),
    'empty client_id': encode(`:${client.secret}`),
    'broken percent-encoding': encode(`${client.clientId}:%zz`),
    'bytes that are not UTF-8': encode(Buffer.from([0x61, 0x3a, 0xff, 0xfe])),
    'encoded bytes that are not UTF-8': encode(`${client.clientId}:%ff`),
    'a NUL': encode(`${client.clientId}\0:x`),
    'an encoded NUL in the client_id': encode('a%00:x'),
    'an encoded NUL in the secret': encode(`${client.clientId}:%00`),
    'a client_id of 6 KB': encode(`${'a'.repeat(6144)}:x`),
    'a bearer token': 'Bearer abc.def.ghi',
    'another scheme': 'Digest username="x"',
    'no scheme': client.basic.authorization?.slice('Basic '.length) ?? '',
  })) {
    const answer = await ask(service, {}, { authorization })
    t.equal(summary(answer), FAILED, what)
    t.equal(answer.headers['www-authenticate'], CHALLENGE, `${what}: challenged`)
  }
})

t.test('nobody can tell an unknown client from a wrong secret', async (t) => {
  const service = await createTestService(t)
  const known = await service.addClient(BASIC)
  const deleted = await service.addClient(BASIC)
  await service.parts.cutOffs.deleteClient(deleted.clientId, {
    by: 'operator',
    origin: { requestId: undefined, address: undefined, userAgent: undefined },
  })
  const publicClient = await service.addClient()
  const byHeader = await Promise.all([
    ask(service, {}, basic('nobody', 'wrong')),
    ask(service, {}, basic(known.clientId, 'wrong')),
    ask(service, {}, basic(known.clientId, '')),
    ask(service, {}, basic(publicClient.clientId, 'wrong')),
    ask(service, {}, deleted.basic),
  ])
  const byBody = await Promise.all([
    ask(service, { client_id: 'nobody', client_secret: 'wrong' }),
    ask(service, { client_id: known.clientId, client_secret: 'wrong' }),
    ask(service, { client_id: publicClient.clientId, client_secret: 'wrong' }),
    ask(service, { client_id: deleted.clientId, client_secret: deleted.secret ?? '' }),
    ask(service, { client_id: 'nobody' }),
    ask(service, { client_id: known.clientId }),
  ])
  for (const answers of [byHeader, byBody]) {
    t.equal(summary(answers[0]), FAILED)
    for (const answer of answers) {
      t.strictSame(comparable(answer), comparable(answers[0]))
      t.equal(answer.body.length, answers[0].body.length, 'to the byte, but for the request_id')
    }
  }
})

t.test('a challenge goes out where Basic was tried, never else', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient(BASIC)
  const nothing = await ask(service, {})
  t.equal(summary(nothing), '401 invalid_client client_authentication_missing')
  t.equal(nothing.headers['www-authenticate'], undefined, 'as to a frontend without client_id')
  const wrongBasic = await ask(service, {}, basic(client.clientId, 'wrong'))
  t.equal(wrongBasic.headers['www-authenticate'], CHALLENGE)
  for (const form of [
    { client_id: client.clientId, client_secret: 'wrong' },
    { client_id: client.clientId },
  ]) {
    const answer = await ask(service, form)
    t.equal(answer.statusCode, 401)
    t.equal(answer.headers['www-authenticate'], undefined, 'a browser would open its dialog')
  }
})

t.test('a client uses the method that it is registered for, and one at a time', async (t) => {
  const service = await createTestService(t)
  const header = await service.addClient(BASIC)
  const body = await service.addClient(POST)
  const inBody = ({ clientId, secret = '' }: typeof body) => ({
    client_id: clientId,
    client_secret: secret,
  })
  t.equal(summary(await ask(service, {}, header.basic)), '200', 'Basic')
  t.equal(summary(await ask(service, inBody(body))), '200', 'post')

  const wrongMethod = await ask(service, inBody(header))
  t.equal(summary(wrongMethod), FAILED)
  t.match(wrongMethod.json().error_description, 'registered for client_secret_basic')
  t.equal(wrongMethod.headers['www-authenticate'], undefined)
  const wrongHeader = await ask(service, {}, body.basic)
  t.equal(summary(wrongHeader), FAILED)
  t.match(wrongHeader.json().error_description, 'registered for client_secret_post')
  t.equal(wrongHeader.headers['www-authenticate'], CHALLENGE)
  const guessed = await ask(service, { ...inBody(header), client_secret: 'wrong' })
  t.notMatch(guessed.json().error_description, 'registered', 'said to nobody else')

  for (const [what, form, expected] of [
    ['the same client_id in the body', { client_id: header.clientId }, '200'],
    ['an empty client_secret is no second method', { client_secret: '' }, '200'],
    ['another client_id in the body', { client_id: body.clientId }, AMBIGUOUS],
    ['the secret in the body as well', inBody(header), AMBIGUOUS],
    ['another client by the body', inBody(body), AMBIGUOUS],
  ] as const) {
    t.equal(summary(await ask(service, form, header.basic)), expected, what)
  }
})

t.test('two Authorization headers are two authentications', async (t) => {
  const service = await createTestService(t)
  const { basic: header } = await service.addClient(BASIC)
  const authorization = header.authorization ?? ''
  await service.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = service.app.server.address() as AddressInfo
  const send = async (...values: string[]) => {
    const headers = ['Host', 'x', 'Content-Type', 'application/x-www-form-urlencoded']
    for (const value of values) headers.push('Authorization', value)
    const path = '/token'
    const sent = request({ host: '127.0.0.1', port, method: 'POST', path, headers })
    const [response] = await once(sent.end('grant_type=client_credentials'), 'response')
    response.resume()
    return response.statusCode as number
  }
  t.equal(await send(authorization), 200)
  t.equal(await send(authorization, authorization), 400)
  t.equal(await send(authorization, 'Bearer x'), 400)
})

t.test('a public client names itself and sends no secret', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const { username, password } = await service.addUser()
  const logIn = (form: Record<string, string>, headers = {}) =>
    service.post('/token', { grant_type: 'password', username, password, ...form }, headers)
  const client_id = client.clientId
  t.equal(summary(await logIn({ client_id })), '200')
  t.equal(summary(await logIn({ client_id, client_secret: 'anything' })), FAILED)
  t.equal(summary(await logIn({}, basic(client_id, ''))), FAILED)
  t.equal(summary(await logIn({})), '401 invalid_client client_authentication_missing')
})

t.test('a confidential client that does not authenticate moves nothing', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient(BASIC)
  const { tokens } = await service.logIn(client)
  const { refresh_token } = tokens
  const form = { grant_type: 'refresh_token', refresh_token }
  const { clientId: client_id } = client
  t.equal(summary(await service.post('/token', { ...form, client_id })), FAILED)
  t.equal(
    summary(await service.post('/token', form)),
    '401 invalid_client client_authentication_missing',
  )
  const [row] = await query(service.databaseUrl, 'select generation, ended_at from sessions')
  t.strictSame(row, { generation: 0, ended_at: null })
  t.equal(summary(await service.refresh(client, refresh_token)), '200')
})

t.test('client_id and secret are compared as they stand', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient({ ...POST, clientId: 'Orders-App' })
  const { secret = '' } = client
  t.equal(
    summary(await ask(service, { client_id: 'Orders-App', client_secret: secret })),
    '200',
    'as registered',
  )
  for (const client_id of [
    'orders-app',
    'ORDERS-APP',
    ' Orders-App',
    'Orders-App ',
    'Orders-App\n',
    'Orders-Ａpp',
    'Orders-App\u200b',
    'Orders-A%70p',
    'Оrders-App',
  ]) {
    const answer = await ask(service, { client_id, client_secret: secret })
    t.equal(summary(answer), FAILED, JSON.stringify(client_id))
  }
  const otherEnd = `${secret.slice(0, -1)}${secret.endsWith('a') ? 'b' : 'a'}`
  for (const client_secret of [
    secret.toLowerCase(),
    `${secret} `,
    ` ${secret}`,
    secret.slice(0, -1),
    secret + secret,
    otherEnd,
    `x${secret.slice(1)}`,
    sha256(secret).toString('hex'),
  ]) {
    const answer = await ask(service, { client_id: client.clientId, client_secret })
    t.equal(summary(answer), FAILED)
  }
})

t.test('after a rotation the old secret works until its overlap ends', async (t) => {
  const service = await createTestService(t)
  const { clientId, basic: first } = await service.addClient(BASIC)
  const db = service.parts.database.kysely
  const rotate = async (seed: string) => {
    const { secret, hash } = drawClientSecret(createSeededRandom(seed))
    const overlapEndsAt = service.clock.now() + 3600_000
    t.equal(await replaceSecret(db, clientId, hash, overlapEndsAt), true)
    return basic(clientId, secret)
  }
  const second = await rotate('second')
  t.equal(summary(await ask(service, {}, first)), '200', 'old, within the overlap')
  t.equal(summary(await ask(service, {}, second)), '200', 'new, at once')
  service.clock.advance(3599)
  t.equal(summary(await ask(service, {}, first)), '200', 'old, one second before its end')
  service.clock.advance(1)
  t.equal(summary(await ask(service, {}, first)), FAILED, 'old, at its end')
  t.equal(summary(await ask(service, {}, second)), '200', 'new, ever after')

  const third = await rotate('third')
  const fourth = await rotate('fourth')
  t.equal(summary(await ask(service, {}, second)), FAILED, 'two rotations ago, no overlap')
  t.equal(summary(await ask(service, {}, third)), '200')
  t.equal(summary(await ask(service, {}, fourth)), '200')
})
