import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { query } from '../support/database.ts'
import { createDeployment, type Deployment, ROLE, requireUnharmed } from '../support/deployment.ts'
import { drill, type Figures, rounds } from '../support/drills.ts'
import { createPrivatePostgres } from '../support/private-postgres.ts'
import { startRefreshLoad } from '../support/refresh-load.ts'

/** How long each goes on. In milliseconds. */
const LENGTH = rounds(15_000)

/** Every tenth update of a session fails so. The sequence counts: it knows no rollback. */
const inject = (sqlstate: string) => `
  create sequence injected;
  create function inject() returns trigger language plpgsql security definer as $$
  begin
    if random() < 0.1 then
      perform nextval('injected');
      raise exception 'injected' using errcode = '${sqlstate}';
    end if;
    return new;
  end $$;
  create trigger inject before update on sessions for each row execute function inject();`

const STOP_INJECTING = 'drop trigger inject on sessions; drop function inject'

/** Refuses connections for real: three processes want thirty. */
const limitConnections = (limit: number) => `alter role ${ROLE} connection limit ${limit}`
const END_CONNECTIONS = `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE}'`

drill(
  'sqlstates',
  'each SQLSTATE raised by 10 % of the updates of sessions, and 53300 and 57P01 for real; 3 processes, 30 sessions',
  async (t) => {
    const postgres = await createPrivatePostgres(t)
    const { url } = postgres
    const deployment = await createDeployment(t, { postgres, processes: 3, sessions: 30 })
    const figures: Figures = {}
    const all: Seen[] = []
    for (const sqlstate of ['40001', '40P01', '57P01', '53300']) {
      await query(url, inject(sqlstate))
      const seen = await refreshFor(t, deployment, async () => {
        await pause(LENGTH)
        await query(url, STOP_INJECTING)
      })
      all.push(seen)
      const [counted] = await query(url, 'select last_value::int as n from injected')
      await query(url, 'drop sequence injected')
      t.ok(Number(counted?.n) > 0, `${sqlstate} was raised`)
      figures[`${sqlstate} injected`] =
        `${counted?.n} times in ${seen.refreshes} refreshes, ${seen.unavailable} became 503`
    }
    const full = await refreshFor(t, deployment, async () => {
      await query(url, limitConnections(3))
      await query(url, END_CONNECTIONS)
      await pause(LENGTH)
      await query(url, limitConnections(-1))
    })
    t.ok(full.unavailable > 0, 'connections were refused')
    figures['53300 for real (3 connections for 3 processes)'] =
      `${full.refreshes} refreshes, ${full.unavailable} became 503`
    const cut = await refreshFor(t, deployment, async () => {
      for (let left = LENGTH; left > 0; left -= 500) {
        await query(url, END_CONNECTIONS)
        await pause(500)
      }
    })
    figures['57P01 for real (all connections, twice a second)'] =
      `${cut.refreshes} refreshes, ${cut.unavailable} became 503`
    all.push(full, cut)
    const total = (of: (seen: Seen) => number) => all.reduce((sum, seen) => sum + of(seen), 0)
    return {
      ...figures,
      'answers other than 200 and 503': total(({ wrong }) => wrong),
      'sessions lost': total(({ lost }) => lost),
      'processes dead': total(({ dead }) => dead),
    }
  },
)

type Seen = Awaited<ReturnType<typeof refreshFor>>

/** Has the load run while something goes on, and requires that nothing was harmed by it. */
async function refreshFor(t: Test, deployment: Deployment, meanwhile: () => Promise<void>) {
  const load = startRefreshLoad(t, deployment.services, deployment.chains)
  await meanwhile()
  const harm = await requireUnharmed(t, deployment, load)
  const { rotated, retried, recovered, unavailable } = load.counts
  return {
    refreshes: rotated + retried + recovered,
    unavailable,
    wrong: load.wrong.length,
    lost: harm['sessions lost'],
    dead: harm['processes dead'],
  }
}
