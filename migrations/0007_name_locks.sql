-- What a name means is held by the lock of a row, which every database that speaks Postgres's protocol
-- has and no pooler loses: an advisory lock is not everywhere. A name falls into one of these rows by its
-- hash; who shares a row with another waits for it now and then, and no more. The version before runs on:
-- it holds names in its own way, so that the two do not wait for each other while both run.
create table name_locks (
  bucket integer primary key
);

-- The first is no name's: whoever makes the days of events holds it.
insert into name_locks select generate_series(-1, 1023);
