-- What makes ends hold for many sessions at once, and every end explainable. The version before runs
-- on: each new column has a default that is its behaviour, and events take the same rows as ever.

-- How patient a refresh of this client's sessions is, and how many of them a user may have; null
-- leaves it to the configuration.
alter table clients
  add column disabled_at timestamptz,
  add column max_sessions integer check (max_sessions > 0),
  add column refresh_retry_window_seconds integer check (refresh_retry_window_seconds >= 0),
  add column refresh_recovery_window_seconds integer check (refresh_recovery_window_seconds >= 0),
  add column refresh_recovery text check (refresh_recovery in ('allow', 'deny'));

-- request_hash is of the scope and resource that the last rotation was asked for: a retry asks for the
-- same. The retries are counted, those of the last rotation and those of all before it; so are the
-- refusals of an hour, as far as they are written down. No index names these: rotations stay heap-only.
alter table sessions
  add column request_hash bytea,
  add column retries integer not null default 0,
  add column retries_before integer not null default 0,
  add column refusals integer not null default 0,
  add column refusals_since timestamptz;

-- An instant before which no session of a client counts: one row ends them all, and they are marked as
-- ended afterwards, few at a time, while marking is true. A user's sessions are marked together with
-- the row, which only tells of it.
create table cut_offs (
  kind text not null check (kind in ('user', 'client')),
  id text not null,
  not_before timestamptz not null,
  reason text not null,
  made_at timestamptz not null,
  made_by text not null,
  marking boolean not null,
  primary key (kind, id)
);

create index cut_offs_by_time on cut_offs (made_at desc, kind, id);

-- Events by day (UTC), so that old ones are dropped with their table and never deleted row by row.
-- Maintenance makes the days ahead; what has none of its own goes into the default.
alter table events rename to events_unpartitioned;
alter table events_unpartitioned rename constraint events_pkey to events_unpartitioned_pkey;
drop index events_by_sid, events_by_sub;

create table events (
  id uuid not null,
  at timestamptz not null,
  type text not null,
  sid uuid,
  sub text,
  client_id text,
  request_id text,
  address text,
  user_agent text,
  detail jsonb not null,
  primary key (id, at)
) partition by range (at);

create index events_by_sid on events (sid) where sid is not null;
create index events_by_sub on events (sub) where sub is not null;
create index events_by_client on events (client_id, id) where client_id is not null;
create index events_by_request on events (request_id) where request_id is not null;

-- Rare ones that a command looks for.
create index events_of_restores on events (type, at)
  where type in ('refresh.ahead', 'restore.closed');

create table events_of_no_day partition of events default;

insert into events (id, at, type, sid, sub, client_id, request_id, address, user_agent, detail)
  select id, at, type, sid, sub, client_id, request_id, address, user_agent, detail
  from events_unpartitioned;

drop table events_unpartitioned;
