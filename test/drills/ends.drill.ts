import type { LightMyRequestResponse } from 'fastify'
import { noOrigin } from '../../src/audit/event.ts'
import { drill, rounds } from '../support/drills.ts'
import {
  createTestService,
  ISSUER,
  ORDERS,
  type TestClient,
  type TestService,
  type Tokens,
} from '../support/service.ts'

const RACES = 1000
const AT_ONCE = 8
const operator = { by: 'operator', origin: noOrigin }

/** A session to race for, at a client and of a user of its own. */
interface Racer {
  client: TestClient
  username: string
  sub: string
  sid: string
  tokens: Tokens
}

type End = (service: TestService, racer: Racer) => Promise<unknown>

const bearer = ({ tokens }: Racer) => ({ authorization: `Bearer ${tokens.access_token}` })

/** Throws on an answer that is no success: an end that failed would prove nothing. */
const done = (answer: LightMyRequestResponse) => {
  if (answer.statusCode >= 300) throw new Error(`an end failed: ${answer.body}`)
}

const ENDS: Record<string, End> = {
  logout: async (service, { tokens }) =>
    done(await service.post('/logout', { refresh_token: tokens.refresh_token })),
  'revoked refresh token': async (service, { client, tokens }) =>
    done(
      await service.post('/revoke', { token: tokens.refresh_token, client_id: client.clientId }),
    ),
  'revoked access token': async (service, { client, tokens }) =>
    done(await service.post('/revoke', { token: tokens.access_token, client_id: client.clientId })),
  'ended by its user': async (service, racer) =>
    done(
      await service.inject({
        method: 'DELETE',
        url: `/sessions/${racer.sid}`,
        headers: bearer(racer),
      }),
    ),
  'end all others': async (service, racer) => {
    const other = await startSession(service, racer)
    const headers = { authorization: `Bearer ${other.access_token}` }
    done(await service.inject({ method: 'POST', url: '/sessions/end-others', headers }))
  },
  'user disabled': ({ parts }, { username }) => parts.endSessions.disableUser(username, operator),
  'password changed': ({ parts }, { username }) =>
    parts.endSessions.changePassword(username, 'another hash', operator),
  'cut-off of the user': ({ parts }, { sub }) =>
    parts.cutOffs.set({ kind: 'user', id: sub }, undefined, operator),
  'client disabled': ({ parts }, { client }) =>
    parts.cutOffs.disableClient(client.clientId, operator),
  'client deleted': ({ parts }, { client }) =>
    parts.cutOffs.deleteClient(client.clientId, operator),
  'cut-off of the client': ({ parts }, { client }) =>
    parts.cutOffs.set({ kind: 'client', id: client.clientId }, undefined, operator),
  'one session too many': async (service, racer) => {
    service.clock.advance(0.001)
    await startSession(service, racer)
  },
}

let backend: TestClient

/** Starts a session as a backend does; at clients that allow a user one alone, another ends it. */
async function startSession(
  service: TestService,
  { client, sub }: Pick<Racer, 'client' | 'sub'>,
): Promise<Tokens> {
  const answer = await service.inject({
    method: 'POST',
    url: '/sessions',
    headers: backend.basic,
    payload: { sub, client_id: client.clientId },
  })
  done(answer)
  return answer.json<Tokens>()
}

drill(
  'ends',
  `a refresh at one of two instances against each kind of end at the other, ${RACES} races each`,
  async (t) => {
    const one = await createTestService(t, { env: { RATE_LIMIT_CLIENT_FAILURES: 'off' } })
    const two = await createTestService(t, { beside: one, seed: 'the other instance' })
    backend = await one.addBackend()
    const orders = await one.addClient({
      authenticationMethod: 'client_secret_basic',
      grantTypes: ['client_credentials'],
      introspects: [ORDERS, ISSUER],
    })
    const isActive = async (service: TestService, token: string) => {
      const answer = await service.post('/introspect', { token }, orders.basic)
      return answer.json<{ active: boolean }>().active
    }
    const figures: Record<string, string> = {}
    for (const [what, end] of Object.entries(ENDS)) {
      const races = rounds(RACES)
      const alive: string[] = []
      const living = new Set<number>()
      let [rotated, refused] = [0, 0]
      const note = (number: number, what: string) => {
        alive.push(`${number}: ${what}`)
        living.add(number)
      }
      const race = async (number: number) => {
        const registration = what === 'one session too many' ? { maxSessions: 1 } : {}
        const client = await one.addClient(registration)
        const { username, sub } = await one.addUser()
        const tokens = await startSession(one, { client, sub })
        const [session] = await sessionsOf(one, tokens)
        const racer = { client, username, sub, sid: session as string, tokens }
        const refresh = (value: string) => one.refresh(client, value)
        // Each of them is first in half of the races.
        const [answer] =
          number % 2 === 0
            ? await Promise.all([refresh(tokens.refresh_token), end(two, racer)])
            : (await Promise.all([end(two, racer), refresh(tokens.refresh_token)])).toReversed()
        const raced = answer as LightMyRequestResponse
        const given = raced.statusCode === 200 ? raced.json<Tokens>() : tokens
        if (raced.statusCode === 200) rotated += 1
        else refused += 1
        for (const service of [one, two]) {
          for (const token of new Set([tokens.access_token, given.access_token])) {
            if (await isActive(service, token)) note(number, 'an access token is active')
          }
        }
        for (const value of new Set([given.refresh_token, tokens.refresh_token])) {
          const { statusCode } = await refresh(value)
          if (statusCode === 200) note(number, 'a refresh succeeded')
        }
      }
      for (let begun = 0; begun < races; begun += AT_ONCE) {
        const group = Array.from({ length: Math.min(AT_ONCE, races - begun) }, (_, k) => begun + k)
        await Promise.all(group.map(race))
      }
      t.strictSame(alive, [], `${what}: nothing lives once both have answered`)
      figures[what] =
        `${races - living.size} of ${races} dead (${rotated} refreshes still got tokens, ${refused} none)`
    }
    return figures
  },
)

async function sessionsOf(service: TestService, tokens: Tokens): Promise<string[]> {
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  const answer = await service.inject({ url: '/sessions', headers })
  return answer.json<{ sessions: { id: string }[] }>().sessions.map(({ id }) => id)
}
