import { type Actor, noOrigin } from '../audit/event.ts'
import type { Clock } from '../base/clock.ts'
import type { Client } from '../clients/client.ts'
import { findClient } from '../clients/store.ts'
import type { Database } from '../db/connect.ts'
import type { TokenAnswer } from '../grants/answer.ts'
import type { StartBackendSession } from '../grants/start-session.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { EndSessions } from '../sessions/end.ts'
import { listAlive } from '../sessions/store.ts'
import type { Introspect } from '../tokens/introspect.ts'
import { findUserByName } from '../users/store.ts'
import { credentialsOf, type Demo } from './demo.ts'
import { startExampleSession } from './example-session.ts'

/** Examples that work: by operationId, then by the name that the document gives the example. */
type Operations = Record<string, Record<string, string | object>>

/** The demo client and user, for Swagger UI to authorise itself by. */
type Login = Record<'client_id' | 'client_secret' | 'username' | 'password', string>

/** What Swagger UI shows in development instead of samples. */
interface Examples {
  readonly operations: Operations
  readonly login: Login
}

/** The operations whose example needs a session, each one of its own, so that none ends another's. */
const NEEDING = [
  'requestToken',
  'refresh',
  'introspectToken',
  'logout',
  'revokeToken',
  'endSession',
] as const
type Needing = (typeof NEEDING)[number]
type Sessions = Record<Needing, TokenAnswer>

/** Whose the sessions are. Not the demo user's: "end all my other sessions" would end them. */
const OTHER_SUB = 'example-user'

/** By its label a later start finds the session of an example. */
const labelOf = (operation: Needing) => `example of ${operation}`
const LABELS = new Set(NEEDING.map(labelOf))

/** More than starts can have left behind, unless somebody started sessions of those subs by the hundred. */
const LEFT_LIMIT = 1000

const ACTOR: Actor = { by: 'operator', origin: noOrigin }

/** How long an example must be good for, from the moment it is shown. */
const READING_MS = 120_000

/**
 * Makes the examples of the document that is served in development. Their sessions are started when
 * first asked for, kept, and replaced when they have been used up; those of former starts end then, as
 * nobody knows their tokens any more.
 * @param options.demo undefined until it has been seeded
 * @param options.endsFormer false where another process may be showing sessions that look like theirs
 */
export function createLiveExamples(options: {
  database: Database
  clock: Clock
  logger: { warn(fields: object, message: string): void }
  introspect: Introspect
  endSessions: EndSessions
  startBackendSession: StartBackendSession
  keyRing: Pick<KeyRing, 'jwks'>
  issuer: string
  demo: () => Demo | undefined
  endsFormer: boolean
}): () => Promise<Examples | undefined> {
  const kept: Partial<Sessions> = {}
  let areFormerEnded = !options.endsFormer

  const isFresh = async (operation: Needing, answer: TokenAnswer, web: Client) => {
    const { accessToken, refreshToken = '' } = answer
    const token = operation === 'introspectToken' ? accessToken : refreshToken
    const found = await options.introspect(token, web)
    return found.active && Number(found.exp) * 1000 > options.clock.now() + READING_MS
  }

  const endFormer = async (subs: readonly string[]) => {
    for (const sub of subs) {
      const filter = { sub, clientId: 'web', limit: LEFT_LIMIT }
      const alive = await listAlive(options.database.kysely, filter, options.clock.now())
      for (const { sid, device } of alive) {
        if (!LABELS.has(device.label ?? '')) continue
        await options.endSessions.end({ sid }, 'ended_by_operator', ACTOR)
      }
    }
  }

  const prepareSessions = async (demo: Demo): Promise<Sessions> => {
    const { kysely } = options.database
    const web = await findClient(kysely, 'web')
    const user = await findUserByName(kysely, demo.users[0]?.username ?? '')
    const userSub = user?.user.sub ?? OTHER_SUB
    if (!areFormerEnded) await endFormer([OTHER_SUB, userSub])
    areFormerEnded = true
    for (const operation of NEEDING) {
      const existing = kept[operation]
      if (existing && web && (await isFresh(operation, existing, web))) continue
      const sub = operation === 'endSession' ? userSub : OTHER_SUB
      const whose = { sub, label: labelOf(operation) }
      kept[operation] = await startExampleSession(options.startBackendSession, demo, whose)
    }
    return kept as Sessions
  }

  let isFailureTold = false
  const tellFailure = (err: unknown): undefined => {
    if (!isFailureTold) options.logger.warn({ err }, 'the examples at /docs stay samples')
    isFailureTold = true
  }

  let preparing: Promise<Sessions | undefined> | undefined
  return async () => {
    const demo = options.demo()
    if (demo === undefined) return undefined
    const [{ username, password } = { username: '', password: '' }] = demo.users
    // Two loads at once get the same sessions. Where none can be had, their samples stay.
    preparing ??= prepareSessions(demo)
      .catch(tellFailure)
      .finally(() => {
        preparing = undefined
      })
    return {
      operations: { ...describe(demo, await preparing), ...describeKeys(options) },
      login: { ...credentialsOf(demo, 'backend'), username, password },
    }
  }
}

/** A key that is published, and an audience that every token for this service's own routes has. */
function describeKeys(options: { keyRing: Pick<KeyRing, 'jwks'>; issuer: string }): Operations {
  const { keys = [] } = JSON.parse(options.keyRing.jwks()?.body ?? '{}')
  return { getKeyPem: { kid: keys[0]?.kid ?? '' }, forwardAuth: { audience: options.issuer } }
}

function describe(demo: Demo, sessions: Sessions | undefined): Operations {
  const password = { grant_type: 'password', ...demo.users[0], client_id: 'web' }
  const resourceServer = credentialsOf(demo, 'orders-service')
  const requestToken = {
    password,
    client_credentials: { grant_type: 'client_credentials', ...resourceServer },
  }
  if (sessions === undefined) return { requestToken }
  const tokenOf = (operation: Needing) => sessions[operation].refreshToken
  const refresh = (operation: Needing) => ({
    refresh_token: tokenOf(operation),
    client_id: 'web',
  })
  return {
    requestToken: {
      ...requestToken,
      refresh_token: { grant_type: 'refresh_token', ...refresh('requestToken') },
    },
    refresh: { public_client: refresh('refresh') },
    introspectToken: {
      access_token: { token: sessions.introspectToken.accessToken, ...resourceServer },
    },
    logout: { refresh_token: { refresh_token: tokenOf('logout') } },
    revokeToken: { refresh_token: { token: tokenOf('revokeToken'), client_id: 'web' } },
    endSession: { id: sessions.endSession.sid ?? '' },
    listSessionEvents: { id: sessions.endSession.sid ?? '' },
  }
}
