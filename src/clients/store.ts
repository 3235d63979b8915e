import { sql } from 'kysely'
import { sha256 } from '../base/hash.ts'
import type { Executor } from '../db/connect.ts'
import { isDuplicate } from '../db/failure.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import type { AccessTokenType } from '../oauth/access-token-type.ts'
import type { AuthenticationMethod, GrantType, RefreshTokenPlace } from '../oauth/grant-types.ts'
import { readCutOff } from '../revocations/store.ts'
import type { Client } from './client.ts'
import type { Registration } from './registration.ts'

/** A client with what its secret is compared against; only authentication asks for these. */
export interface ClientWithSecrets extends Client {
  readonly secretHash: Buffer | undefined
  readonly previousSecretHash: Buffer | undefined
  readonly previousSecretExpiresAt: number | undefined
}

/** Another client already has this id. */
export class ClientExists extends Error {
  override readonly name = 'ClientExists'
}

/** The client of that id; undefined when there is none. */
export async function findClient(
  db: Executor,
  clientId: string,
): Promise<ClientWithSecrets | undefined> {
  const row = await selectClients(db).where('client_id', '=', clientId).executeTakeFirst()
  return row && fromRow(row)
}

/** All clients by id. */
export async function listClients(db: Executor): Promise<Client[]> {
  const rows = await selectClients(db).orderBy('client_id').execute()
  return rows.map((row) => withoutSecrets(fromRow(row)))
}

/** Adds a client; throws {@link ClientExists}. `secretHash` is null for a public client. */
export async function addClient(
  db: Executor,
  registration: Registration,
  secretHash: Buffer | null,
  at: number,
): Promise<void> {
  try {
    await db
      .insertInto('clients')
      .values({
        client_id: registration.clientId,
        name: registration.name,
        token_endpoint_auth_method: registration.authenticationMethod,
        secret_hash: secretHash,
        previous_secret_hash: null,
        grant_types: registration.grantTypes,
        scope: registration.scope,
        audience: registration.audience,
        introspects: registration.introspects,
        allowed_origins: registration.allowedOrigins ?? [],
        refresh_token_in: registration.refreshTokenIn ?? 'body',
        signing_alg: registration.signingAlg ?? null,
        roles: registration.roles,
        claims: JSON.stringify(registration.claims),
        access_token_ttl_seconds: registration.accessTokenTtlSeconds ?? null,
        session_idle_ttl_seconds: registration.sessionIdleTtlSeconds ?? null,
        session_max_ttl_seconds: registration.sessionMaxTtlSeconds ?? null,
        max_sessions: registration.maxSessions ?? null,
        refresh_retry_window_seconds: registration.refreshRetryWindowSeconds ?? null,
        refresh_recovery_window_seconds: registration.refreshRecoveryWindowSeconds ?? null,
        refresh_recovery: registration.refreshRecovery ?? null,
        created_at: new Date(at),
      })
      .execute()
  } catch (error) {
    if (isDuplicate(error)) throw new ClientExists(`client ${registration.clientId} exists`)
    throw error
  }
}

/**
 * Gives a confidential client a new secret; the old one works until `overlapEndsAt`. Returns whether
 * there was such a client.
 */
export async function replaceSecret(
  db: Executor,
  clientId: string,
  secretHash: Buffer,
  overlapEndsAt: number,
): Promise<boolean> {
  const result = await db
    .updateTable('clients')
    .set((expression) => ({
      previous_secret_hash: expression.ref('secret_hash'),
      previous_secret_expires_at: new Date(overlapEndsAt),
      secret_hash: secretHash,
    }))
    .where('client_id', '=', clientId)
    .where('token_endpoint_auth_method', '<>', 'none')
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/**
 * Keeps a client from being deleted or disabled until the transaction ends; false when there is no
 * such client, or it is disabled.
 */
export async function lockClient(tx: Executor, clientId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('clients')
    .select('client_id')
    .where('client_id', '=', clientId)
    .where('disabled_at', 'is', null)
    .forShare()
    .executeTakeFirst()
  return row !== undefined
}

/** Keeps sessions of a client from starting until the transaction ends. Returns whether it is there. */
export async function holdClient(tx: Executor, clientId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('clients')
    .select('client_id')
    .where('client_id', '=', clientId)
    .forNoKeyUpdate()
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Holds a text for one meaning until the transaction ends: a client_id in one transaction cannot
 * become a `sub` in another beside it.
 */
export async function reserveName(tx: Executor, text: string): Promise<void> {
  await selectNameLock(tx, text).forUpdate().execute()
}

/** The same for whoever only needs the meaning to stay: many may share it. */
export async function shareName(tx: Executor, text: string): Promise<void> {
  await selectNameLock(tx, text).forShare().execute()
}

/** The row of `name_locks` that stands for a text, of as many as the migration has made. */
function selectNameLock(tx: Executor, text: string) {
  const bucket = sha256(text).readUInt16BE() % 1024
  return tx.selectFrom('name_locks').select('bucket').where('bucket', '=', bucket)
}

/** Gives an audience another name in every client that has it, as audience or to introspect. */
export async function renameAudience(db: Executor, before: string, after: string): Promise<void> {
  await db
    .updateTable('clients')
    .set({
      audience: sql`array_replace(audience, ${before}, ${after})`,
      introspects: sql`array_replace(introspects, ${before}, ${after})`,
    })
    .execute()
}

/** What of a client may change after its registration. */
export type ClientSettings = Pick<
  Client,
  'allowedOrigins' | 'refreshTokenIn' | 'signingAlg' | 'lifetimes' | 'refresh' | 'maxSessions'
>

/** Replaces them. Returns whether there was such a client. */
export async function replaceSettings(
  db: Executor,
  clientId: string,
  settings: ClientSettings,
): Promise<boolean> {
  const result = await db
    .updateTable('clients')
    .set(toSettingsRow(settings))
    .where('client_id', '=', clientId)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** The columns of the settings, in one order always. */
export function toSettingsRow(settings: ClientSettings) {
  const { allowedOrigins, refreshTokenIn, signingAlg, lifetimes, refresh, maxSessions } = settings
  return {
    allowed_origins: [...allowedOrigins],
    refresh_token_in: refreshTokenIn,
    signing_alg: signingAlg ?? null,
    access_token_ttl_seconds: lifetimes.accessTokenTtlSeconds ?? null,
    session_idle_ttl_seconds: lifetimes.sessionIdleTtlSeconds ?? null,
    session_max_ttl_seconds: lifetimes.sessionMaxTtlSeconds ?? null,
    refresh_retry_window_seconds: refresh.retryWindowSeconds ?? null,
    refresh_recovery_window_seconds: refresh.recoveryWindowSeconds ?? null,
    refresh_recovery: refresh.recovery ?? null,
    max_sessions: maxSessions ?? null,
  }
}

/** The origins of all clients together, each once. */
export async function listAllowedOrigins(db: Executor): Promise<string[]> {
  const rows = await db
    .selectFrom('clients')
    .select(sql<string>`unnest(allowed_origins)`.as('origin'))
    .distinct()
    .execute()
  return rows.map(({ origin }) => origin)
}

/** Disables a client, once, or enables it again. Returns whether there is such a client. */
export async function markClientDisabled(
  db: Executor,
  clientId: string,
  at: number | undefined,
): Promise<boolean> {
  const disabled = at === undefined ? null : sql<Date>`coalesce(disabled_at, ${new Date(at)})`
  const result = await db
    .updateTable('clients')
    .set({ disabled_at: disabled })
    .where('client_id', '=', clientId)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Removes a client. Returns whether there was one. Its sessions are the caller's to end. */
export async function removeClient(db: Executor, clientId: string): Promise<boolean> {
  const result = await db.deleteFrom('clients').where('client_id', '=', clientId).executeTakeFirst()
  return result.numDeletedRows === 1n
}

/** The client without what must not leave authentication. */
export function withoutSecrets(client: ClientWithSecrets): Client {
  const { secretHash, previousSecretHash, previousSecretExpiresAt, ...rest } = client
  return rest
}

/** What `audiences` says of one that a client has. */
interface AudienceRule {
  signing_alg: Algorithm | null
  typ: AccessTokenType | null
}

/** All there is to know of clients, for the files of this room to narrow. */
export function selectClients(db: Executor) {
  return db
    .selectFrom('clients')
    .leftJoin('cut_offs', (join) =>
      join
        .on('cut_offs.kind', '=', sql.lit('client'))
        .onRef('cut_offs.id', '=', 'clients.client_id'),
    )
    .selectAll('clients')
    .select(['cut_offs.not_before', 'cut_offs.reason', 'cut_offs.made_at'])
    .select(
      sql<Record<string, AudienceRule>>`(
      select coalesce(jsonb_object_agg(a.audience, jsonb_build_object(
        'signing_alg', a.signing_alg, 'typ', a.typ)), '{}')
      from audiences a where a.audience = any (clients.audience)
    )`.as('audience_rules'),
    )
}

/** A row of {@link selectClients}. */
export type ClientRow = Awaited<ReturnType<ReturnType<typeof selectClients>['execute']>>[number]

/** Reads a row. */
export function fromRow(row: ClientRow): ClientWithSecrets {
  return {
    clientId: row.client_id,
    name: row.name,
    authenticationMethod: row.token_endpoint_auth_method as AuthenticationMethod,
    grantTypes: row.grant_types as GrantType[],
    scope: row.scope,
    audience: row.audience.map((audience) => ({
      audience,
      signingAlg: row.audience_rules[audience]?.signing_alg ?? undefined,
      typ: row.audience_rules[audience]?.typ ?? undefined,
    })),
    introspects: row.introspects,
    allowedOrigins: row.allowed_origins,
    refreshTokenIn: row.refresh_token_in as RefreshTokenPlace,
    signingAlg: (row.signing_alg ?? undefined) as Algorithm | undefined,
    roles: row.roles,
    claims: row.claims,
    lifetimes: {
      accessTokenTtlSeconds: row.access_token_ttl_seconds ?? undefined,
      sessionIdleTtlSeconds: row.session_idle_ttl_seconds ?? undefined,
      sessionMaxTtlSeconds: row.session_max_ttl_seconds ?? undefined,
    },
    refresh: {
      retryWindowSeconds: row.refresh_retry_window_seconds ?? undefined,
      recoveryWindowSeconds: row.refresh_recovery_window_seconds ?? undefined,
      recovery: (row.refresh_recovery ?? undefined) as 'allow' | 'deny' | undefined,
    },
    maxSessions: row.max_sessions ?? undefined,
    createdAt: row.created_at.getTime(),
    disabledAt: row.disabled_at?.getTime(),
    cutOff: readCutOff(row),
    secretHash: row.secret_hash ?? undefined,
    previousSecretHash: row.previous_secret_hash ?? undefined,
    previousSecretExpiresAt: row.previous_secret_expires_at?.getTime(),
  }
}
