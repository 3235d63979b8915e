import type { Test } from 'tap'
import { describeRefreshToken } from '../../src/sessions/refresh-token.ts'
import { query } from './database.ts'
import type { PrivatePostgres } from './private-postgres.ts'
import { production, type RunningService, startService } from './process.ts'
import type { Chain, RefreshLoad } from './refresh-load.ts'
import { createTestService, type TestClient, type Tokens } from './service.ts'
import { prepareTemplate } from './template.ts'

/** Service processes over a Postgres of the drill's own, with users who are logged in. */
export interface Deployment {
  readonly postgres: PrivatePostgres
  readonly services: readonly RunningService[]
  readonly chains: readonly Chain[]
  /** Logs a new user in, through the first service. */
  start(): Promise<Chain>
}

/** The role that the services connect as. */
export const ROLE = 'service'

/** The log holds no line a request: under load that would be all that the drill's memory holds. */
const QUIET = { LOG_LEVEL: 'warn' }

/** Starts the services, ended with the test, and so many sessions, each of a user of its own. */
export async function createDeployment(
  t: Test,
  options: {
    postgres: PrivatePostgres
    processes: number
    sessions: number
    env?: Record<string, string>
    /** Another way to the same server, for the services. */
    door?: string
  },
): Promise<Deployment> {
  const { postgres, processes, sessions } = options
  await prepareTemplate(postgres.url)
  const setup = await createTestService(t, { databaseUrl: postgres.url })
  const [web, backend] = [await setup.addClient(), await setup.addBackend()]
  // Each chain rotates more often in a minute than a person's would in a day.
  const env = { ...QUIET, RATE_LIMIT_REFRESH: 'off', ...options.env }
  const url = await asOrdinaryRole(options.door ?? postgres.url, postgres.url)
  const services = await Promise.all(
    Array.from({ length: processes }, () => startService(t, production(url, env))),
  )
  let users = 0
  const start = () => {
    users += 1
    return startSession(services[0] as RunningService, backend, web.clientId, `user-${users}`)
  }
  const chains: Chain[] = []
  while (chains.length < sessions) chains.push(await start())
  return { postgres, services, chains, start }
}

/** Limits do not bind a superuser, so the services connect as somebody else: {@link ROLE}. */
async function asOrdinaryRole(door: string, superuserUrl: string): Promise<string> {
  await query(superuserUrl, `create role ${ROLE} login password '${ROLE}'`)
  await query(superuserUrl, `grant all on all tables in schema public to ${ROLE}`)
  return Object.assign(new URL(door), { username: ROLE, password: ROLE }).href
}

/** Starts a session for a user of a backend, through one of the services. */
export async function startSession(
  { url }: RunningService,
  backend: TestClient,
  clientId: string,
  sub: string,
): Promise<Chain> {
  const answer = await fetch(`${url}/sessions`, {
    method: 'POST',
    headers: { ...backend.basic, 'content-type': 'application/json' },
    body: JSON.stringify({ sub, client_id: clientId }),
  })
  if (answer.status !== 201) throw new Error(`no session: ${answer.status} ${await answer.text()}`)
  const { access_token, refresh_token: refreshToken } = (await answer.json()) as Tokens
  const [, payload = ''] = access_token.split('.')
  const { sid } = JSON.parse(Buffer.from(payload, 'base64url').toString())
  return { sid, sub, clientId, refreshToken }
}

/**
 * Stops the load and holds what it left to the promise of every fault of the database: no wrong
 * answer, every session alive with exactly one current token, every process running. Returns the
 * harm as it was counted.
 */
export async function requireUnharmed(
  t: Test,
  { postgres, services, chains }: Deployment,
  load: RefreshLoad,
): Promise<{ 'sessions lost': number; 'processes dead': number }> {
  const lost = await load.stop()
  t.strictSame([...new Set(load.wrong)].slice(0, 5), [], 'nothing but successes and 503')
  t.strictSame(lost, [], 'every chain goes on')
  const rows = await query(postgres.url, 'select id, generation, ended_at from sessions')
  const byId = new Map(rows.map((row) => [row.id, row]))
  const odd = chains.filter(({ sid, refreshToken }) => {
    const row = byId.get(sid)
    const held = describeRefreshToken(refreshToken)?.generation
    return row === undefined || row.ended_at !== null || row.generation !== held
  })
  t.strictSame(odd, [], 'each session lives, and its client holds the current token')
  const dead = services.filter(({ running }) => !running).length
  t.equal(dead, 0, 'every process runs')
  return { 'sessions lost': new Set([...lost, ...odd]).size, 'processes dead': dead }
}

/** The figures that every drill with a load tells. */
export function figuresOf(load: RefreshLoad): Record<string, number> {
  const { rotated, retried, recovered, unavailable, brokenConnections } = load.counts
  return {
    rotated,
    retried,
    recovered,
    '503 with Retry-After': unavailable,
    'connections broken': brokenConnections,
    'wrong answers': load.wrong.length,
  }
}

/** `12 / 34 / 56`: least, median, most. */
export function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  return [0, Math.floor(sorted.length / 2), sorted.length - 1]
    .map((index) => sorted[index])
    .join(' / ')
}
