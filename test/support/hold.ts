import pg from 'pg'
import type { Test } from 'tap'
import { query } from './database.ts'
import { until } from './process.ts'

/** Stops statements on signing keys, and on what is written down of them, at a point. */
export interface Hold {
  /** From now on whoever comes to that point waits there. */
  at(point: string): Promise<void>
  /** Waits until somebody is held; returns what it calls itself to the database. */
  caught(): Promise<string>
  /** Lets everybody go on. */
  release(): Promise<void>
}

/** An advisory lock that nobody else takes. */
const LOCK = 4_242

/**
 * The points are `row` and the state that is about to be written, `event` and its type, and `commit`
 * with the state that was; a next key that is updated is being `published`.
 */
const TRIGGERS = `
create table held_points (point text primary key);
create function wait_at_point() returns trigger language plpgsql as $$
declare
  reached text := tg_argv[0] || ' ' || case tg_argv[0]
    when 'event' then to_jsonb(new)->>'type'
    else case when tg_op = 'UPDATE' and to_jsonb(new)->>'state' = 'next' then 'published'
      else to_jsonb(new)->>'state' end
    end;
begin
  if exists (select from held_points where point = reached) then
    perform pg_advisory_xact_lock_shared(${LOCK});
  end if;
  return new;
end $$;
create trigger wait_row before insert or update on signing_keys
  for each row execute function wait_at_point('row');
create trigger wait_event before insert on events
  for each row execute function wait_at_point('event');
create constraint trigger wait_commit after insert or update on signing_keys
  deferrable initially deferred for each row execute function wait_at_point('commit');
`

/** Makes it possible on a database to hold whoever writes signing keys; ended with the test. */
export async function createHold(t: Test, databaseUrl: string): Promise<Hold> {
  await query(databaseUrl, TRIGGERS)
  const holder = new pg.Client({ connectionString: databaseUrl })
  await holder.connect()
  t.teardown(() => holder.end())
  return {
    async at(point) {
      await holder.query('select pg_advisory_lock($1)', [LOCK])
      await holder.query('insert into held_points values ($1)', [point])
    },
    caught: () =>
      until('somebody at that point', async () => {
        const { rows } = await holder.query(
          `select application_name as name from pg_locks join pg_stat_activity using (pid)
            where locktype = 'advisory' and objid = $1 and not granted`,
          [LOCK],
        )
        return rows[0]?.name as string | undefined
      }),
    async release() {
      await holder.query('delete from held_points')
      await holder.query('select pg_advisory_unlock($1)', [LOCK])
    },
  }
}
