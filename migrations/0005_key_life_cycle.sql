-- Keys that take their turns. The version before runs on: it writes no column that is new here, and
-- reads none that may be empty of a key that is published.

-- published_at is when every replica had the time to publish a next key. signs_from and signs_until are
-- when a key begins to sign and when it has stopped: keys of the version before have neither, as they
-- sign since they were made and until a successor does. token_ttl_seconds is the longest life of a token
-- that it may have signed, and for so long it stays published afterwards. At withdrawn_at it was retired
-- or revoked, and its private half erased.
alter table signing_keys
  alter column private_key_sealed drop not null,
  alter column master_key_id drop not null,
  add column published_at timestamptz,
  add column signs_from timestamptz,
  add column signs_until timestamptz,
  add column withdrawn_at timestamptz,
  add column token_ttl_seconds integer not null default 86400;

-- However many replicas look at the clock at once, one key of an algorithm becomes the next one.
create unique index signing_keys_one_next on signing_keys (alg) where state = 'next';

-- An audience may ask for an algorithm, for a typ of its tokens' headers, or for both.
alter table audiences
  alter column signing_alg drop not null,
  add column typ text check (typ in ('at+jwt', 'JWT'));

-- Who has fetched the JWKS, so that it can be seen which verifiers know a new key: a family of
-- verifiers, told by User-Agent, at an address. Maintenance adds up what each replica has counted.
create table jwks_fetches (
  "family" text not null,
  address text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  fetches bigint not null,
  primary key ("family", address)
);
