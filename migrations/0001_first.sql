-- Instants are timestamptz and always come in as parameters: the service's clock is the only clock.

-- Who may ask for tokens (RFC 6749 section 2).
create table clients (
  client_id text primary key,
  name text not null,
  token_endpoint_auth_method text not null
    check (token_endpoint_auth_method in ('client_secret_basic', 'client_secret_post', 'none')),
  secret_hash bytea,
  -- The secret before the last rotation still works until its overlap ends.
  previous_secret_hash bytea,
  previous_secret_expires_at timestamptz,
  grant_types text[] not null,
  scope text[] not null,
  audience text[] not null,
  -- The audiences this client is the resource server of: it may introspect their tokens.
  introspects text[] not null,
  signing_alg text,
  roles text[] not null,
  claims jsonb not null,
  access_token_ttl_seconds integer,
  session_idle_ttl_seconds integer,
  session_max_ttl_seconds integer,
  created_at timestamptz not null,
  check ((token_endpoint_auth_method = 'none') = (secret_hash is null))
);

-- What is special about the tokens of an audience; an audience without a row is an ordinary one.
create table audiences (
  audience text primary key,
  signing_alg text not null,
  created_at timestamptz not null
);

create table users (
  sub text primary key,
  username text not null unique,
  password_hash text not null,
  roles text[] not null,
  claims jsonb not null,
  created_at timestamptz not null,
  password_changed_at timestamptz not null,
  disabled_at timestamptz
);

-- One row a session, however often its refresh token rotates. The token's value is computed from
-- the handle, of which only the hash is here. No index may name a column that a rotation changes,
-- and the fill factor leaves room on the page: so each rotation is a heap-only (HOT) update.
create table sessions (
  id uuid primary key,
  handle_hash bytea not null unique,
  generation integer not null check (generation >= 0),
  rotated_at timestamptz,
  attempt_hash bytea,
  recoveries integer not null,
  recoveries_since timestamptz,
  client_id text not null,
  sub text not null,
  scope text[] not null,
  audience text[] not null,
  roles text[] not null,
  claims jsonb not null,
  auth_time timestamptz not null,
  amr text[] not null,
  acr text,
  user_agent text,
  address text,
  label text,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  idle_expires_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  end_reason text,
  check ((ended_at is null) = (end_reason is null))
) with (fillfactor = 80);

create index sessions_by_sub on sessions (sub) where ended_at is null;
create index sessions_by_client on sessions (client_id) where ended_at is null;
create index sessions_by_end on sessions (expires_at);

-- Access tokens without a session that were revoked before their end.
create table revoked_tokens (
  jti text primary key,
  revoked_at timestamptz not null,
  expires_at timestamptz not null
);

create index revoked_tokens_by_end on revoked_tokens (expires_at);

-- Signing keys; the private half is sealed under a master key (AES-256-GCM).
create table signing_keys (
  kid text primary key,
  alg text not null,
  state text not null check (state in ('next', 'active', 'retiring', 'retired', 'revoked')),
  public_jwk jsonb not null,
  private_key_sealed bytea not null,
  master_key_id integer not null,
  created_at timestamptz not null
);

-- However many replicas start at once, one key of an algorithm becomes the active one.
create unique index signing_keys_one_active on signing_keys (alg) where state = 'active';

-- What happened and who did it; written in the transaction of the fact. Holds no secret.
create table events (
  id uuid primary key,
  at timestamptz not null,
  type text not null,
  sid uuid,
  sub text,
  client_id text,
  request_id text,
  address text,
  user_agent text,
  detail jsonb not null
);

create index events_by_sid on events (sid) where sid is not null;
create index events_by_sub on events (sub) where sub is not null;
