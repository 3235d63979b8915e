import { createLocalJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { claimsOf } from '../support/answer.ts'
import { createTestService, ISSUER, type TestService } from '../support/service.ts'

/** What a verifier reads of the list after a number. */
interface List {
  readonly seq: number
  readonly since: number
  readonly more: boolean
  readonly as_of: number
  readonly entries: Record<string, unknown>[]
}

const operator = {
  by: 'operator',
  origin: { requestId: undefined, address: undefined, userAgent: undefined },
}

/** Reads the list as a verifier does, who knows the JWK set and nothing else. */
async function readList(service: TestService, since = 0): Promise<List> {
  await service.parts.revocationFeed.read()
  const answer = await service.inject(`/.well-known/revocations?since=${since}`)
  const keys = (await service.inject('/.well-known/jwks.json')).json()
  const { payload } = await jwtVerify(answer.body, createLocalJWKSet(keys), {
    issuer: ISSUER,
    typ: 'revocations+jwt',
    currentDate: new Date(service.clock.now()),
  })
  return payload as unknown as List
}

t.test('whatever ends a session, a token or a key is announced', async (t) => {
  const service = await createTestService(t)
  const { parts, clock } = service
  const backend = await service.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials', 'password', 'refresh_token'],
  })
  const logIn = async (client = backend) => {
    const { tokens, sub } = await service.logIn(client)
    return { tokens, sub, sid: claimsOf(tokens.access_token).sid as string }
  }
  let seq = 0
  /** The entries that something adds, without the time that they live. */
  const added = async (work: () => unknown) => {
    await work()
    const list = await readList(service, seq)
    t.ok(list.seq > seq && list.since === seq && !list.more)
    seq = list.seq
    return list.entries.map(({ exp, ...rest }) => {
      t.ok((exp as number) > clock.now() / 1000 + 60)
      return rest
    })
  }
  const seconds = () => clock.now() / 1000

  const loggedOut = await logIn()
  const logout = { refresh_token: loggedOut.tokens.refresh_token }
  t.strictSame(
    await added(() => service.post('/logout', logout, backend.basic)),
    [{ sid: loggedOut.sid }],
    'a logout',
  )
  const revoked = await logIn()
  const revoke = { token: revoked.tokens.access_token }
  t.strictSame(
    await added(() => service.post('/revoke', revoke, backend.basic)),
    [{ sid: revoked.sid }],
    'the revocation of a token of a session',
  )
  const own = await service.post('/token', { grant_type: 'client_credentials' }, backend.basic)
  const { access_token: token } = own.json()
  t.strictSame(
    await added(() => service.post('/revoke', { token }, backend.basic)),
    [{ jti: claimsOf(token).jti }],
    'the revocation of a token without a session',
  )
  const cutOff = await logIn()
  t.strictSame(
    await added(() => parts.cutOffs.set({ kind: 'user', id: cutOff.sub }, undefined, operator)),
    [{ sub: cutOff.sub, before: seconds() }, { sid: cutOff.sid }],
    'the cut-off of a user',
  )
  const id = backend.clientId
  await logIn()
  clock.advance(1)
  t.strictSame(
    await added(() => parts.cutOffs.set({ kind: 'client', id }, clock.now() - 500, operator)),
    [{ client_id: id, before: seconds() - 0.5, issued_before: seconds() - 0.5 }],
    'the cut-off of a client, and not each of its sessions',
  )
  await logIn()
  t.strictSame(
    await added(() => parts.cutOffs.disableClient(id, operator)),
    [{ client_id: id, before: seconds() + 1, issued_before: seconds() }],
    'a client that is disabled',
  )
  t.strictSame(
    await added(() => parts.cutOffs.deleteClient(id, operator)),
    [{ client_id: id, before: seconds() + 1.001, issued_before: seconds() }],
    'and deleted',
  )
})
