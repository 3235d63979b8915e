-- What verifiers that ask nobody must learn: which sessions, tokens and keys have ended before their
-- tokens expire. The version before runs on: it neither reads nor writes here, and what it ends while
-- it still runs is learnt when the token expires.

-- Written in the transaction of the fact, with no number: transactions commit in another order than
-- they write. Whoever sees one without a number gives it the next, see src/revocations/feed/store.ts.
-- From expires_at on no token can be concerned.
create table revocations (
  id uuid primary key,
  kind text not null check (kind in ('sid', 'jti', 'sub', 'client_id', 'kid')),
  subject text not null,
  before timestamptz check ((before is not null) = (kind in ('sub', 'client_id'))),
  issued_before timestamptz,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  seq bigint
);

create index revocations_unnumbered on revocations (id) where seq is null;
create unique index revocations_by_seq on revocations (seq) where seq is not null;
create index revocations_by_expiry on revocations (expires_at);

-- One row: the last number that was given. Whoever numbers holds it.
create table revocation_feed (
  one boolean primary key default true check (one),
  last_seq bigint not null
);

insert into revocation_feed (last_seq) values (0);

-- The longest life of a token is looked up at each end of a session.
create index clients_by_access_token_ttl on clients (access_token_ttl_seconds)
where access_token_ttl_seconds is not null;
