import { hash } from '@node-rs/argon2'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { uuidV7 } from '../../src/base/random.ts'
import { acceptRegistration, type Registration } from '../../src/clients/registration.ts'
import { drawClientSecret } from '../../src/clients/secret.ts'
import { addClient } from '../../src/clients/store.ts'
import { type CompleteConfig, type Composition, compose } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import { createApp } from '../../src/http/app.ts'
import { addUser } from '../../src/users/store.ts'
import { createStoppedClock, type StoppedClock } from './clock.ts'
import { createTestDatabase } from './database.ts'
import { createSeededRandom } from './random.ts'
import { TEST_MASTER_KEY } from './template.ts'
import { watchApp } from './watch.ts'

export const ISSUER = 'https://auth.example'
export const ORDERS = 'https://orders.example'

/** The answer of a token request, as far as tests look at it. */
export interface Tokens {
  access_token: string
  token_type: string
  expires_in: number
  scope: string
  refresh_token: string
  refresh_expires_in: number
  session_expires_in: number
}

/** A client as a test knows it. */
export interface TestClient {
  clientId: string
  /** Undefined for a public client. */
  secret: string | undefined
  /** The Basic header; empty for a public client. */
  basic: Record<string, string>
}

/** One instance of the service on a database of the test's own, on a clock that stands still. */
export interface TestService {
  app: FastifyInstance
  parts: Composition
  clock: StoppedClock
  databaseUrl: string
  /** Every line that was logged. */
  log: string[]
  addClient(registration?: Partial<Registration>): Promise<TestClient>
  addUser(user?: {
    username?: string
    password?: string
    roles?: string[]
    claims?: Record<string, unknown>
  }): Promise<{ sub: string; username: string; password: string }>
  /** A client that may start sessions for the users of others. */
  addBackend(): Promise<TestClient>
  /** POSTs a form. */
  post(
    path: string,
    form: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>
  inject(options: InjectOptions): Promise<LightMyRequestResponse>
  /** Logs a new user in at a new public client. */
  logIn(client?: TestClient): Promise<{ tokens: Tokens; client: TestClient; sub: string }>
  refresh(
    client: TestClient,
    refreshToken: string,
    more?: Record<string, string>,
  ): Promise<LightMyRequestResponse>
}

export interface ServiceOptions {
  /** Variables of the environment, such as REFRESH_RETRY_WINDOW. */
  env?: Record<string, string>
  /** Another instance over the same database, on the same clock. */
  beside?: TestService
  seed?: string
  databaseUrl?: string
}

const hashes = new Map<string, Promise<string>>()

/** The least that argon2id takes: a hash says itself what verifying it costs, in every login. */
const CHEAP = { memoryCost: 8, timeCost: 1, parallelism: 1 }

/** At the price of production, passwords would take a third of what the suite takes. */
function hashOf(password: string): Promise<string> {
  const known = hashes.get(password) ?? hash(password, CHEAP)
  hashes.set(password, known)
  return known
}

/** Starts an instance; closed at the end of the test. */
export async function createTestService(
  t: Test,
  options: ServiceOptions = {},
): Promise<TestService> {
  const { beside, seed = t.name } = options
  const databaseUrl = options.databaseUrl ?? beside?.databaseUrl ?? (await createTestDatabase(t))
  const clock = beside?.clock ?? createStoppedClock()
  const random = createSeededRandom(seed)
  const log: string[] = []
  const config: CompleteConfig = {
    ...readConfig({
      DATABASE_URL: databaseUrl,
      ISSUER,
      MASTER_KEYS: `1:${TEST_MASTER_KEY.key.toString('base64')}`,
      ...options.env,
    }),
    databaseUrl,
  }
  const logger = pino({ level: 'trace' }, { write: (line: string) => log.push(line) })
  const parts = compose({ config, logger, hostClock: clock, random })
  const app = await createApp({ ...parts, version: '0.0.0' })
  watchApp(t, app, config.errorDetail === 'minimal')
  t.teardown(async () => {
    await app.close()
    await parts.database.close()
  })
  await parts.keyRing.load()

  const service: TestService = {
    app,
    parts,
    clock,
    databaseUrl,
    log,
    async addClient(registration = {}) {
      const checked = acceptRegistration({
        clientId: `client-${random.bytes(4).toString('hex')}`,
        name: 'A test client',
        authenticationMethod: 'none',
        grantTypes: ['password', 'refresh_token'],
        scope: ['orders:read', 'orders:write'],
        audience: [ORDERS, ISSUER],
        introspects: [],
        roles: [],
        claims: {},
        ...registration,
      })
      const { clientId } = checked
      const drawn = checked.authenticationMethod === 'none' ? undefined : drawClientSecret(random)
      await addClient(parts.database.kysely, checked, drawn?.hash ?? null, clock.now())
      await parts.allowedOrigins.load()
      const credentials = Buffer.from(`${clientId}:${drawn?.secret}`).toString('base64')
      const basic: Record<string, string> = drawn ? { authorization: `Basic ${credentials}` } : {}
      return { clientId, secret: drawn?.secret, basic }
    },
    addBackend: () =>
      service.addClient({
        authenticationMethod: 'client_secret_basic',
        grantTypes: ['client_credentials'],
        scope: ['sessions:start'],
      }),
    async addUser(user = {}) {
      const username = user.username ?? `user-${random.bytes(4).toString('hex')}`
      const password = user.password ?? 'correct horse battery'
      const sub = uuidV7(clock.now(), random)
      const { roles = [], claims = {} } = user
      const passwordHash = await hashOf(password)
      await addUser(
        parts.database.kysely,
        { sub, username, roles, claims, createdAt: clock.now(), disabledAt: undefined },
        passwordHash,
      )
      return { sub, username, password }
    },
    inject: (request) => app.inject(request),
    post: (path, form, headers = {}) =>
      app.inject({
        method: 'POST',
        url: path,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        payload: new URLSearchParams(form).toString(),
      }),
    async logIn(given) {
      const client = given ?? (await service.addClient())
      const { username, password, sub } = await service.addUser()
      const answer = await service.post(
        '/token',
        {
          grant_type: 'password',
          username,
          password,
          ...(client.secret ? {} : { client_id: client.clientId }),
        },
        client.basic,
      )
      if (answer.statusCode !== 200) throw new Error(`log-in failed: ${answer.body}`)
      return { tokens: answer.json<Tokens>(), client, sub }
    },
    refresh: (client, refreshToken, more = {}) =>
      service.post(
        '/token',
        {
          grant_type: 'refresh_token',
          refresh_token: refreshToken,
          ...(client.secret ? {} : { client_id: client.clientId }),
          ...more,
        },
        client.basic,
      ),
  }
  return service
}
