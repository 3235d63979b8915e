-- A user's ended sessions, which tell the addresses that the user is known at. The index names no
-- column that a rotation changes.
create index sessions_ended_by_sub on sessions (sub) where ended_at is not null;
