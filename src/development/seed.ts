import type { Clock } from '../base/clock.ts'
import { type Random, uuidV7 } from '../base/random.ts'
import { acceptRegistration, type Registration } from '../clients/registration.ts'
import { drawClientSecret } from '../clients/secret.ts'
import { addClient, findClient, removeClient, renameAudience } from '../clients/store.ts'
import type { Database } from '../db/connect.ts'
import { adminScopes } from '../oauth/admin-scopes.ts'
import type { Passwords } from '../users/password.ts'
import { addUser, findUserByName, replacePassword } from '../users/store.ts'
import { type Demo, readDemo, writeDemo } from './demo.ts'

const ORDERS = 'https://orders.example'

/** The demo clients: one of each authentication method, and an operator's. */
function demoClients(issuer: string): Registration[] {
  const audience = [ORDERS, issuer]
  const common = { audience, introspects: [], roles: [], claims: {} }
  return [
    {
      ...common,
      clientId: 'web',
      name: 'A browser frontend',
      authenticationMethod: 'none',
      grantTypes: ['password', 'refresh_token'],
      scope: ['orders:read', 'orders:write'],
    },
    {
      ...common,
      clientId: 'backend',
      name: 'A trusted backend',
      authenticationMethod: 'client_secret_basic',
      grantTypes: ['client_credentials', 'password', 'refresh_token'],
      scope: ['orders:read', 'orders:write', 'sessions:start'],
      introspects: audience,
    },
    {
      ...common,
      clientId: 'orders-service',
      name: 'A resource server',
      authenticationMethod: 'client_secret_post',
      grantTypes: ['client_credentials'],
      scope: ['orders:read'],
      audience: [ORDERS],
      introspects: [ORDERS],
      signingAlg: 'RS256',
    },
    {
      ...common,
      clientId: 'admin',
      name: 'An operator’s client',
      authenticationMethod: 'client_secret_basic',
      grantTypes: ['client_credentials'],
      scope: [...adminScopes],
      audience: [issuer],
    },
  ]
}

const DEMO_USER = { username: 'alice', roles: ['customer'], claims: { tier: 'gold' } }

export interface SeedOptions {
  directory: string
  issuer: string
  databaseUrl: string
  /** Whether the database was made by this start. */
  isNew: boolean
  database: Database
  clock: Clock
  random: Random
  passwords: Passwords
}

/** The demo, and whether its user's password is still the one that was made with it. */
export interface SeededDemo {
  readonly demo: Demo
  readonly loginWorks: boolean
}

/**
 * Makes the demo clients and the demo user once, and tells them in `demo.json`. What was changed or
 * deleted since stays as it is; only the issuer is followed when it changed. Without the file nobody
 * knows the secrets any more, so it is all made anew, but for a client that somebody has registered
 * under the same id.
 */
export async function seedDemo(options: SeedOptions): Promise<SeededDemo> {
  const { directory, issuer, databaseUrl, database, passwords } = options
  const known = options.isNew ? undefined : await readDemo(directory)
  if (known !== undefined && known.issuer !== issuer) {
    // The demo clients' audience for the service's own routes is its issuer, which has a port in it.
    await renameAudience(database.kysely, known.issuer, issuer)
  }
  const demo = known ?? (await seedAnew(options))
  const current = { ...demo, issuer, database_url: databaseUrl }
  await writeDemo(directory, current)
  const [{ username = '', password = '' } = {}] = current.users
  const found = await findUserByName(database.kysely, username)
  const matches = await passwords.verify(found?.passwordHash, password)
  return { demo: current, loginWorks: matches && found?.user.disabledAt === undefined }
}

async function seedAnew(options: SeedOptions): Promise<Demo> {
  const { issuer, databaseUrl, database, clock, random, passwords } = options
  const password = random.bytes(12).toString('base64url')
  const passwordHash = await passwords.hash(password)
  return database.transaction(async (tx) => {
    const clients: Demo['clients'] = []
    const at = clock.now()
    for (const registration of demoClients(issuer).map(acceptRegistration)) {
      const { clientId: client_id, authenticationMethod: token_endpoint_auth_method } = registration
      const drawn = token_endpoint_auth_method === 'none' ? undefined : drawClientSecret(random)
      const existing = await findClient(tx, client_id)
      if (existing !== undefined && existing.name !== registration.name) continue
      await removeClient(tx, client_id)
      await addClient(tx, registration, drawn?.hash ?? null, at)
      clients.push({
        client_id,
        token_endpoint_auth_method,
        ...(drawn !== undefined && { client_secret: drawn.secret }),
      })
    }
    const { username } = DEMO_USER
    if ((await findUserByName(tx, username)) === undefined) {
      const sub = uuidV7(at, random)
      await addUser(tx, { ...DEMO_USER, sub, createdAt: at, disabledAt: undefined }, passwordHash)
    } else {
      await replacePassword(tx, username, passwordHash, at)
    }
    return { issuer, clients, users: [{ username, password }], database_url: databaseUrl }
  })
}
