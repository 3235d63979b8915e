import { createHash, randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { partsOf } from '../database.ts'
import {
  AUDIENCE,
  CLIENT_SECRET,
  CONFIDENTIAL_CLIENT,
  PUBLIC_CLIENT,
  REFRESH_TOKEN_TTL,
  SCOPE,
} from '../parties.ts'
import { type Auth, OFFLINE_SCOPE } from './auth.ts'

/** What logins would have left behind, of each as many as asked for. */
export interface Seeds {
  readonly rotate: string[]
  readonly revoke: string[]
  /** Opaque access tokens: of them the row is asked, of a JWT only the signature. */
  readonly introspect: string[]
}

/** The clients by the plugin's own adapter, as its API makes ids for them that nobody knows. */
export async function addClients(auth: Auth): Promise<void> {
  const { adapter } = await auth.$context
  const both = { redirectUris: ['https://web.example/callback'], createdAt: new Date() }
  const delegated = [...SCOPE.split(' '), OFFLINE_SCOPE]
  await adapter.create({
    model: 'oauthClient',
    data: {
      ...both,
      clientId: PUBLIC_CLIENT,
      tokenEndpointAuthMethod: 'none',
      grantTypes: ['authorization_code', 'refresh_token'],
      scopes: delegated,
    },
  })
  await adapter.create({
    model: 'oauthClient',
    data: {
      ...both,
      clientId: CONFIDENTIAL_CLIENT,
      clientSecret: hashOf(CLIENT_SECRET),
      tokenEndpointAuthMethod: 'client_secret_post',
      grantTypes: ['client_credentials'],
      scopes: SCOPE.split(' '),
      clientCredentialsScopes: SCOPE.split(' '),
    },
  })
}

/**
 * A user for each chain: the plugin ends all tokens that user and client have in common when one is
 * used twice.
 */
export async function seed(pool: Pool, count: number): Promise<Seeds> {
  const seeds = { rotate: draw(count), revoke: draw(count), introspect: draw(count) }
  await addUsers(pool, [...idsOf('rotate', count), ...idsOf('revoke', count)])
  const refresh = { table: 'oauthRefreshToken', client: PUBLIC_CLIENT, resources: [AUDIENCE] }
  await addTokens(pool, { ...refresh, purpose: 'rotate', tokens: seeds.rotate })
  await addTokens(pool, { ...refresh, purpose: 'revoke', tokens: seeds.revoke })
  await addTokens(pool, {
    table: 'oauthAccessToken',
    client: CONFIDENTIAL_CLIENT,
    resources: undefined,
    purpose: 'rotate',
    tokens: seeds.introspect,
  })
  await pool.query('vacuum analyze')
  return seeds
}

async function addUsers(pool: Pool, ids: readonly string[]): Promise<void> {
  for (const part of partsOf(ids)) {
    await pool.query(
      `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
       select id, 'A User', id || '@example.com', true, now(), now() from unnest($1::text[]) as id`,
      [part],
    )
  }
}

async function addTokens(
  pool: Pool,
  {
    table,
    client,
    resources,
    purpose,
    tokens,
  }: {
    table: string
    client: string
    resources: readonly string[] | undefined
    /** Whose users they are. */
    purpose: string
    tokens: readonly string[]
  },
): Promise<void> {
  const scopes = table === 'oauthRefreshToken' ? `${SCOPE} ${OFFLINE_SCOPE}` : SCOPE
  const rows = idsOf(purpose, tokens.length).map((user, index) => ({
    user,
    hash: hashOf(tokens[index] ?? ''),
  }))
  for (const part of partsOf(rows)) {
    await pool.query(
      `insert into "${table}" (id, token, "clientId", "userId", resources, scopes, "expiresAt", "createdAt")
       select gen_random_uuid(), hash, $3, "user", $4, $5, now() + $6 * interval '1 second', now()
       from unnest($1::text[], $2::text[]) as row (hash, "user")`,
      [
        part.map(({ hash }) => hash),
        part.map(({ user }) => user),
        client,
        resources ? JSON.stringify(resources) : null,
        JSON.stringify(scopes.split(' ')),
        REFRESH_TOKEN_TTL,
      ],
    )
  }
}

function idsOf(purpose: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${purpose}-${index}`)
}

function draw(count: number): string[] {
  return Array.from({ length: count }, () => randomBytes(24).toString('base64url'))
}

/** As the plugin keeps secrets and tokens. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
