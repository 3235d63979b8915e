-- What a rotation changes stands together at the end of the row. Postgres writes to its log (WAL) from
-- the first changed byte of a row to the last: with the columns in the order in which they were thought
-- of that was nearly the whole row, 320 bytes a rotation, and is 150 now.
--
-- And half of each page is left free. Sessions that began together lie together and are refreshed
-- together, each in the time in which its neighbours' old rows are still to be seen: at 80 one rotation in
-- twenty found no room on its page, had to write all indexes, and made the table grow.
--
-- The order of columns can only be changed in a new table. While the rows are copied sessions are
-- locked: refreshes are answered 503 and tried again, and nobody is logged out.
create table sessions_in_order (
  id uuid not null,
  auth_time timestamptz not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  handle_hash bytea not null,
  client_id text not null,
  sub text not null,
  scope text[] not null,
  audience text[] not null,
  roles text[] not null,
  claims jsonb not null,
  amr text[] not null,
  acr text,
  user_agent text,
  label text,
  ended_at timestamptz,
  end_reason text,
  recoveries integer not null,
  recoveries_since timestamptz,
  refusals integer not null default 0,
  refusals_since timestamptz,
  -- From here on by rotations; these three only as far as they are new.
  address text,
  attempt_hash bytea,
  request_hash bytea,
  rotated_at timestamptz,
  last_used_at timestamptz not null,
  idle_expires_at timestamptz not null,
  generation integer not null,
  retries integer not null default 0,
  retries_before integer not null default 0
) with (fillfactor = 50);

insert into sessions_in_order (
  id, auth_time, created_at, expires_at, handle_hash, client_id, sub, scope, audience, roles, claims,
  amr, acr, user_agent, label, ended_at, end_reason, recoveries, recoveries_since, refusals,
  refusals_since, address, attempt_hash, request_hash, rotated_at, last_used_at, idle_expires_at,
  generation, retries, retries_before
)
select
  id, auth_time, created_at, expires_at, handle_hash, client_id, sub, scope, audience, roles, claims,
  amr, acr, user_agent, label, ended_at, end_reason, recoveries, recoveries_since, refusals,
  refusals_since, address, attempt_hash, request_hash, rotated_at, last_used_at, idle_expires_at,
  generation, retries, retries_before
from sessions;

drop table sessions;
alter table sessions_in_order rename to sessions;

alter table sessions
  add constraint sessions_pkey primary key (id),
  add constraint sessions_handle_hash_key unique (handle_hash),
  add constraint sessions_generation_check check (generation >= 0),
  add constraint sessions_check check ((ended_at is null) = (end_reason is null));

-- No index names a column that a rotation changes: so each rotation is a heap-only (HOT) update.
create index sessions_by_sub on sessions (sub) where ended_at is null;
create index sessions_by_client on sessions (client_id) where ended_at is null;
create index sessions_by_end on sessions (expires_at);
create index sessions_ended_by_sub on sessions (sub) where ended_at is not null;
