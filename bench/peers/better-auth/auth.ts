import { randomUUID } from 'node:crypto'
import { oauthProvider } from '@better-auth/oauth-provider'
import { type BetterAuthOptions, betterAuth } from 'better-auth'
import { type Jwk, jwt } from 'better-auth/plugins/jwt'
import type { Pool } from 'pg'
import {
  ACCESS_TOKEN_TTL,
  AUDIENCE,
  CONFIDENTIAL_CLIENT,
  PUBLIC_CLIENT,
  REFRESH_TOKEN_TTL,
  SCOPE,
} from '../parties.ts'

/** Without this among its scopes a grant gets no refresh token. */
export const OFFLINE_SCOPE = 'offline_access'

/**
 * Every cache that is documented is on: clients, resources, and a ring of keys in memory, which
 * need not be decrypted for each signature.
 */
export function createOptions(pool: Pool, issuer: string) {
  const keys: Jwk[] = []
  return {
    baseURL: issuer,
    secret: 'known to everybody, as it guards nothing here',
    database: pool,
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    logger: { level: 'error' },
    plugins: [
      jwt({
        disableSettingJwtHeader: true,
        jwks: { keyPairConfig: { alg: 'ES256' }, disablePrivateKeyEncryption: true },
        adapter: {
          getJwks: async () => keys,
          createJwk: async (key) => {
            const kept = { ...key, id: randomUUID() }
            keys.push(kept)
            return kept
          },
        },
      }),
      oauthProvider({
        loginPage: '/login',
        consentPage: '/consent',
        scopes: [...SCOPE.split(' '), OFFLINE_SCOPE],
        accessTokenExpiresIn: ACCESS_TOKEN_TTL,
        m2mAccessTokenExpiresIn: ACCESS_TOKEN_TTL,
        refreshTokenExpiresIn: REFRESH_TOKEN_TTL,
        resources: [AUDIENCE],
        enforcePerClientResources: false,
        cachedResources: new Set([AUDIENCE]),
        cachedTrustedClients: new Set([PUBLIC_CLIENT, CONFIDENTIAL_CLIENT]),
        silenceWarnings: { oauthAuthServerConfig: true },
      }),
    ],
  } satisfies BetterAuthOptions
}

export type Auth = ReturnType<typeof createAuth>

export function createAuth(pool: Pool, issuer: string) {
  return betterAuth(createOptions(pool, issuer))
}
