import { formatDuration } from '../base/duration.ts'
import type { Audience, Client } from '../clients/client.ts'
import { findClient, listClients } from '../clients/store.ts'
import { formatScope } from '../oauth/scope.ts'
import type { Answer } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { CommandFailure } from './failure.ts'
import { facts, table } from './table.ts'
import { iso, when, whenAndHowFar } from './times.ts'

/** All clients. */
export async function listAllClients(): Promise<Answer> {
  const clients = await withDeployment([], ({ database }) => listClients(database.kysely))
  return {
    json: { clients: clients.map(clientJson) },
    text: table(
      ['client_id', 'name', 'authentication', 'grants', 'scope', 'created'],
      clients.map((client) => [
        client.clientId,
        client.name,
        client.authenticationMethod,
        client.grantTypes.join(' '),
        formatScope(client.scope),
        when(client.createdAt),
      ]),
      'No clients: add one by mintmark clients create <client_id>.',
    ),
  }
}

/** One client in full. */
export async function showClient(clientId: string): Promise<Answer> {
  return withDeployment([], async ({ database, clock }) => {
    const client = await findClient(database.kysely, clientId)
    if (client === undefined) throw unknownClient(clientId)
    const end = client.previousSecretExpiresAt
    const overlaps = end !== undefined && end > clock.now() ? end : undefined
    const json = {
      ...clientJson(client),
      previous_secret_expires_at: overlaps === undefined ? null : iso(overlaps),
    }
    const until = overlaps && whenAndHowFar(overlaps, clock.now())
    return { json, text: clientFacts(client, until ? { 'previous secret ends': until } : {}) }
  })
}

/** The refusal of a client_id that no client has. */
export function unknownClient(clientId: string): CommandFailure {
  const message = `there is no client ${clientId}: see mintmark clients list`
  return new CommandFailure('client_not_found', message)
}

/** A client as JSON, by the names of RFC 7591 and, beyond those, of our own. */
export function clientJson(client: Client): Record<string, unknown> {
  const { accessTokenTtlSeconds, sessionIdleTtlSeconds, sessionMaxTtlSeconds } = client.lifetimes
  return {
    client_id: client.clientId,
    client_name: client.name,
    token_endpoint_auth_method: client.authenticationMethod,
    grant_types: client.grantTypes,
    scope: formatScope(client.scope),
    audience: client.audience.map(({ audience }) => audience),
    introspects: client.introspects,
    allowed_origins: client.allowedOrigins,
    refresh_token_in: client.refreshTokenIn,
    signing_alg: client.signingAlg ?? null,
    roles: client.roles,
    claims: client.claims,
    access_token_ttl_seconds: accessTokenTtlSeconds ?? null,
    session_idle_ttl_seconds: sessionIdleTtlSeconds ?? null,
    session_max_ttl_seconds: sessionMaxTtlSeconds ?? null,
    refresh_retry_window_seconds: client.refresh.retryWindowSeconds ?? null,
    refresh_recovery_window_seconds: client.refresh.recoveryWindowSeconds ?? null,
    refresh_recovery: client.refresh.recovery ?? null,
    max_sessions: client.maxSessions ?? null,
    created_at: iso(client.createdAt),
    disabled_at: client.disabledAt === undefined ? null : iso(client.disabledAt),
    sessions_not_before: client.cutOff === undefined ? null : iso(client.cutOff.notBefore),
  }
}

/** The same for people; empty things are left out. */
export function clientFacts(client: Client, more: Record<string, string>): string {
  const { accessTokenTtlSeconds, sessionIdleTtlSeconds, sessionMaxTtlSeconds } = client.lifetimes
  const list = (values: readonly string[]) => values.join(' ') || undefined
  const length = (seconds: number | undefined) => seconds && formatDuration(seconds)
  const window = (seconds: number | undefined) =>
    seconds === undefined ? undefined : formatDuration(seconds)
  const hasClaims = Object.keys(client.claims).length > 0
  return facts({
    client_id: client.clientId,
    ...more,
    name: client.name,
    authentication: client.authenticationMethod,
    grants: list(client.grantTypes),
    scope: list(client.scope),
    audience: list(client.audience.map(audienceText)),
    introspects: list(client.introspects),
    origins: list(client.allowedOrigins),
    'refresh token in': client.refreshTokenIn === 'cookie' ? 'cookie' : undefined,
    'signing alg': client.signingAlg,
    roles: list(client.roles),
    claims: hasClaims ? JSON.stringify(client.claims) : undefined,
    'access token ttl': length(accessTokenTtlSeconds) || undefined,
    'session idle ttl': length(sessionIdleTtlSeconds) || undefined,
    'session max ttl': length(sessionMaxTtlSeconds) || undefined,
    'refresh retry window': window(client.refresh.retryWindowSeconds),
    'refresh recovery window': window(client.refresh.recoveryWindowSeconds),
    'refresh recovery': client.refresh.recovery,
    'max sessions': client.maxSessions === undefined ? undefined : `${client.maxSessions}`,
    created: when(client.createdAt),
    disabled: client.disabledAt === undefined ? undefined : when(client.disabledAt),
    'sessions not before': client.cutOff && when(client.cutOff.notBefore),
  })
}

/** An audience, and in brackets what is special about its tokens. */
function audienceText({ audience, signingAlg, typ }: Audience): string {
  const special = [signingAlg, typ && `typ ${typ}`].filter(Boolean).join(', ')
  return special === '' ? audience : `${audience} (${special})`
}
