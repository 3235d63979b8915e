import type { Test } from 'tap'
import { type Answered, type Caller, createCaller, untilSettled } from './caller.ts'
import { query } from './database.ts'
import { production, type RunningService, startService } from './process.ts'
import { createTestService, ISSUER, type TestService } from './service.ts'

/** Limits would answer for what drills want to know of rotations. */
const UNLIMITED = { RATE_LIMIT_REFRESH: 'off' }

/** Replicas over one database, real processes, and somebody who calls them. */
export interface Fleet {
  readonly databaseUrl: string
  readonly replicas: readonly RunningService[]
  readonly caller: Caller
  /** Starts one more with the variables of the others; `more` replaces some. */
  start(more?: Record<string, string>): Promise<RunningService>
  /**
   * Starts `count` sessions, each of a user of its own, at one replica or at each in turn. Returns
   * their refresh tokens.
   */
  startSessions(count: number, at?: RunningService): Promise<string[]>
  /** Logs a new user in by its password. */
  logIn(url: string): Promise<Answered>
  refresh(url: string, refreshToken: string, headers?: Record<string, string>): Promise<Answered>
  introspect(url: string, token: string): Promise<Answered>
  /** Registers one more client. */
  addClient: TestService['addClient']
  /** What the sessions' rows say, all together. */
  totals(): Promise<{ rotations: number; ended: number }>
}

/** In milliseconds: a fleet that starts at once shares two cores. */
const FLEET_PATIENCE = 300_000

/** So many sessions are started at a time. */
const AT_ONCE = 20

/** Starts `count` replicas on a database of the test's own, reached by `reach` if it is another way. */
export async function startFleet(
  t: Test,
  options: {
    count: number
    env?: Record<string, string>
    reach?: (databaseUrl: string) => Promise<string>
  },
): Promise<Fleet> {
  const { databaseUrl, ...setup } = await createTestService(t)
  const client = await setup.addClient()
  const backend = await setup.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials'],
    scope: ['sessions:start'],
    introspects: [ISSUER],
  })
  const reached = (await options.reach?.(databaseUrl)) ?? databaseUrl
  const start: Fleet['start'] = (more = {}) =>
    startService(
      t,
      production(reached, { ...UNLIMITED, ...options.env, ...more }),
      'ready',
      FLEET_PATIENCE,
    )
  const replicas: RunningService[] = []
  while (replicas.length < options.count) replicas.push(await start())
  const caller = createCaller(t)

  const startSession = async (at: RunningService, sub: string): Promise<string> => {
    const session = { sub, client_id: client.clientId }
    const { status, body } = await untilSettled(() =>
      caller.post(`${at.url}/sessions`, session, backend.basic),
    )
    if (status !== 201) throw new Error(`no session was started: ${JSON.stringify(body)}`)
    return `${body.refresh_token}`
  }

  let users = 0
  return {
    databaseUrl,
    replicas,
    caller,
    start,
    async startSessions(count, at) {
      const sessions: string[] = []
      while (sessions.length < count) {
        const some = Array.from({ length: Math.min(AT_ONCE, count - sessions.length) }, () => {
          users += 1
          const replica = at ?? replicas[users % replicas.length]
          return startSession(replica as RunningService, `user-${users}`)
        })
        sessions.push(...(await Promise.all(some)))
      }
      return sessions
    },
    async logIn(url) {
      const { username, password } = await setup.addUser()
      const login = { grant_type: 'password', client_id: client.clientId, username, password }
      return caller.post(`${url}/token`, login)
    },
    refresh: (url, refreshToken, headers) =>
      caller.post(
        `${url}/refresh`,
        { client_id: client.clientId, refresh_token: refreshToken },
        headers,
      ),
    addClient: setup.addClient,
    introspect: (url, token) => caller.post(`${url}/introspect`, { token }, backend.basic),
    async totals() {
      const [row] = await query(
        databaseUrl,
        `select coalesce(sum(generation), 0)::int as rotations,
          (count(*) filter (where ended_at is not null))::int as ended from sessions`,
      )
      return row as { rotations: number; ended: number }
    },
  }
}
