import { createHash, timingSafeEqual } from 'node:crypto'
import type {
  Client,
  ClientCredentialsModel,
  PasswordModel,
  RefreshTokenModel,
  Token,
} from '@node-oauth/oauth2-server'
import { verify } from '@node-rs/argon2'
import { CLIENT_SECRET, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT, SCOPE } from '../parties.ts'
import type { SignAccessToken } from './access-token.ts'
import type { Store } from './store.ts'

/** In memory, as at the other peers. */
const CLIENTS = new Map<string, Client>([
  [PUBLIC_CLIENT, { id: PUBLIC_CLIENT, grants: ['password', 'refresh_token'] }],
  [CONFIDENTIAL_CLIENT, { id: CONFIDENTIAL_CLIENT, grants: ['client_credentials'] }],
])

const SCOPES = SCOPE.split(' ')

/** All that the library asks of its user. */
export function createModel(
  store: Store,
  signAccessToken: SignAccessToken,
): ClientCredentialsModel & PasswordModel & RefreshTokenModel {
  return {
    generateAccessToken: (client, user, scope) =>
      signAccessToken({ subject: user.id, clientId: client.id, scope }),
    async getClient(clientId, clientSecret) {
      if (clientId === CONFIDENTIAL_CLIENT && !isSecret(clientSecret)) return false
      return CLIENTS.get(clientId)
    },
    async getUser(username, password) {
      const user = await store.findUser(username)
      return user !== undefined && (await verify(user.passwordHash, password)) && { id: user.id }
    },
    getUserFromClient: async (client) => ({ id: client.id }),
    validateScope: async (_user, _client, scope) =>
      (scope ?? SCOPES).every((word) => SCOPES.includes(word)) && (scope ?? SCOPES),
    async getRefreshToken(refreshToken) {
      const row = await store.findRefreshToken(refreshToken)
      if (row === undefined) return undefined
      return {
        refreshToken,
        refreshTokenExpiresAt: row.expiresAt,
        scope: row.scope.split(' '),
        client: CLIENTS.get(row.clientId) as Client,
        user: { id: row.userId },
      }
    },
    revokeToken: (token) => store.deleteRefreshToken(token.refreshToken),
    async saveToken(token, client, user) {
      await saveRefreshToken(store, token, client.id, user.id)
      return { ...token, client, user }
    },
    // Only for routes that take a bearer token, of which there are none here.
    getAccessToken: async () => undefined,
  }
}

async function saveRefreshToken(
  store: Store,
  token: Token,
  clientId: string,
  userId: string,
): Promise<void> {
  const { refreshToken, refreshTokenExpiresAt: expiresAt, scope } = token
  if (refreshToken === undefined || expiresAt === undefined) return
  await store.addRefreshToken({
    token: refreshToken,
    userId,
    clientId,
    scope: scope?.join(' ') ?? '',
    expiresAt,
  })
}

const SECRET_HASH = hashOf(CLIENT_SECRET)

function isSecret(presented: string | undefined): boolean {
  return presented !== undefined && timingSafeEqual(hashOf(presented), SECRET_HASH)
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
