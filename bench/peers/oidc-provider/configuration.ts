import { exportJWK, generateKeyPair } from 'jose'
import type { AdapterFactory, Configuration } from 'oidc-provider'
import {
  ACCESS_TOKEN_TTL,
  AUDIENCE,
  CLIENT_SECRET,
  CONFIDENTIAL_CLIENT,
  PUBLIC_CLIENT,
  REFRESH_TOKEN_TTL,
  SCOPE,
  SESSION_TTL,
} from '../parties.ts'

/** Clients and users in memory, one ES256 key, and no feature that is not asked for. */
export async function createConfiguration(adapter: AdapterFactory): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(privateKey)), kid: 'bench', alg: 'ES256', use: 'sig' }
  return {
    adapter,
    jwks: { keys: [jwk] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clients: [
      {
        client_id: PUBLIC_CLIENT,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['https://web.example/callback'],
        scope: SCOPE,
      },
      {
        client_id: CONFIDENTIAL_CLIENT,
        client_secret: CLIENT_SECRET,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        scope: SCOPE,
      },
    ],
    scopes: SCOPE.split(' '),
    cookies: { keys: ['a key of which nothing here depends'] },
    // Without `openid` among the scopes there is no ID token to sign.
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: SCOPE,
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    ttl: {
      AccessToken: ACCESS_TOKEN_TTL,
      ClientCredentials: ACCESS_TOKEN_TTL,
      Grant: SESSION_TTL,
      RefreshToken: REFRESH_TOKEN_TTL,
    },
  }
}
