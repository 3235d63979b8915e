import type { ColumnType } from 'kysely'

/** The driver speaks Date; the stores turn it into milliseconds since the epoch. */
type Instant = Date
type NullableInstant = ColumnType<Date | null, Date | null | undefined, Date | null>
/** A bigint: its text on the way out. */
type Count = ColumnType<string, number, number>
type NullableCount = ColumnType<string | null, number | null | undefined, number | null>
/** A JSON object: its text on the way in, the value on the way out. */
type Json<T> = ColumnType<T, string, string>
type Claims = Json<Record<string, unknown>>

interface ClientsTable {
  client_id: string
  name: string
  token_endpoint_auth_method: string
  secret_hash: Buffer | null
  previous_secret_hash: Buffer | null
  previous_secret_expires_at: NullableInstant
  grant_types: string[]
  scope: string[]
  audience: string[]
  introspects: string[]
  signing_alg: string | null
  roles: string[]
  claims: Claims
  access_token_ttl_seconds: number | null
  session_idle_ttl_seconds: number | null
  session_max_ttl_seconds: number | null
  created_at: Instant
  allowed_origins: string[]
  refresh_token_in: string
  disabled_at: NullableInstant
  max_sessions: number | null
  refresh_retry_window_seconds: number | null
  refresh_recovery_window_seconds: number | null
  refresh_recovery: string | null
}

interface AudiencesTable {
  audience: string
  signing_alg: string | null
  created_at: Instant
  typ: string | null
}

interface UsersTable {
  sub: string
  username: string
  password_hash: string
  roles: string[]
  claims: Claims
  created_at: Instant
  password_changed_at: Instant
  disabled_at: NullableInstant
}

export interface SessionsTable {
  id: string
  handle_hash: Buffer
  generation: number
  rotated_at: NullableInstant
  attempt_hash: Buffer | null
  recoveries: number
  recoveries_since: NullableInstant
  client_id: string
  sub: string
  scope: string[]
  audience: string[]
  roles: string[]
  claims: Claims
  auth_time: Instant
  amr: string[]
  acr: string | null
  user_agent: string | null
  address: string | null
  label: string | null
  created_at: Instant
  last_used_at: Instant
  idle_expires_at: Instant
  expires_at: Instant
  ended_at: NullableInstant
  end_reason: string | null
  request_hash: Buffer | null
  retries: number
  retries_before: number
  refusals: number
  refusals_since: NullableInstant
}

interface CutOffsTable {
  kind: string
  id: string
  not_before: Instant
  reason: string
  made_at: Instant
  made_by: string
  marking: boolean
}

interface RevokedTokensTable {
  jti: string
  revoked_at: Instant
  expires_at: Instant
}

interface RevocationsTable {
  id: string
  kind: string
  subject: string
  before: NullableInstant
  issued_before: NullableInstant
  made_at: Instant
  expires_at: Instant
  seq: NullableCount
}

interface RevocationFeedTable {
  one: boolean
  last_seq: Count
}

interface SigningKeysTable {
  kid: string
  alg: string
  state: string
  public_jwk: Json<Record<string, string>>
  private_key_sealed: Buffer | null
  master_key_id: number | null
  created_at: Instant
  published_at: NullableInstant
  signs_from: NullableInstant
  signs_until: NullableInstant
  withdrawn_at: NullableInstant
  token_ttl_seconds: number
}

interface JwksFetchesTable {
  family: string
  address: string
  first_at: Instant
  last_at: Instant
  fetches: Count
}

interface EventsTable {
  id: string
  at: Instant
  type: string
  sid: string | null
  sub: string | null
  client_id: string | null
  request_id: string | null
  address: string | null
  user_agent: string | null
  detail: Claims
}

interface NameLocksTable {
  bucket: number
}

/** The tables as the migrations leave them; a test holds this against the migrated database. */
export interface Schema {
  clients: ClientsTable
  name_locks: NameLocksTable
  audiences: AudiencesTable
  users: UsersTable
  sessions: SessionsTable
  cut_offs: CutOffsTable
  revoked_tokens: RevokedTokensTable
  revocations: RevocationsTable
  revocation_feed: RevocationFeedTable
  signing_keys: SigningKeysTable
  jwks_fetches: JwksFetchesTable
  events: EventsTable
}
