-- Clients that run in a browser: which pages may call (RFC 6454 origins), and whether the refresh
-- token travels in bodies or in a cookie that no script can read. A version that does not know these
-- columns goes on as before: nobody may call, and tokens travel in bodies.
alter table clients
  add column allowed_origins text[] not null default '{}',
  add column refresh_token_in text not null default 'body'
    check (refresh_token_in in ('body', 'cookie'));
