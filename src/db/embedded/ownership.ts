import { setTimeout as pause } from 'node:timers/promises'
import { EmbeddedDatabaseInUse } from './errors.ts'
import type { Session } from './session.ts'

/*
 * Who uses the server is known to the server alone, by advisory locks of sessions: they end with
 * the process that holds them, however it ends, and a file would have to be believed.
 *   OWNER  held by the service that owns the server, and by whoever is stopping it
 *   USERS  shared by the commands that use it; held exclusively by the last one, to stop it
 */
const OWNER = '1835625076, 1'
const USERS = '1835625076, 2'

/** A starting service is patient with one that is just going, or whose end is not yet noticed. */
const GRACE_MILLISECONDS = 1_000
const PAUSE_MILLISECONDS = 50

/**
 * Takes the ownership. Rejects with EmbeddedDatabaseInUse when another process keeps it for longer
 * than a moment, and with the session's error when the connection is lost.
 */
export async function own(session: Session, line: string, directory: string): Promise<void> {
  const grace = AbortSignal.timeout(GRACE_MILLISECONDS)
  while (!(await tryOwn(session, line))) {
    const owner = await currentOwner(session)
    if (grace.aborted && owner) throw new EmbeddedDatabaseInUse(owner, directory)
    await pause(PAUSE_MILLISECONDS)
  }
}

/**
 * Takes the ownership if it is free. The owner's line is a comment of the statement: the server
 * shows every session's last statement, so the line is there from the moment the lock is, and goes
 * with it. A session that owns must run no other statement.
 */
export async function tryOwn(session: Session, line: string): Promise<boolean> {
  const comment = line.replace(/[\r\n\0]+/g, ' ').slice(0, 250)
  return await held(session, `select pg_try_advisory_lock(${OWNER}) as held -- ${comment}`)
}

/** Joins the commands that use the server; waits while the last of them is stopping it. */
export async function share(session: Session): Promise<void> {
  while (!(await held(session, `select pg_try_advisory_lock_shared(${USERS}) as held`))) {
    await pause(PAUSE_MILLISECONDS)
  }
}

/**
 * Leaves the commands that use the server; answers whether it may now be stopped, being used by no
 * other command and owned by nobody. If so, nobody can take it up until this session ends.
 */
export async function leave(session: Session, line: string): Promise<boolean> {
  await session.query(`select pg_advisory_unlock_shared(${USERS})`)
  if (!(await held(session, `select pg_try_advisory_lock(${USERS}) as held`))) return false
  return await tryOwn(session, line)
}

async function held(session: Session, statement: string): Promise<boolean> {
  const [row] = await session.query(statement)
  return row?.held === true
}

async function currentOwner(session: Session): Promise<string | undefined> {
  const [row] = await session.query(`
    select substring(query from '-- (.*)$') as line
    from pg_stat_activity join pg_locks using (pid)
    where locktype = 'advisory' and granted and (classid::bigint, objid::bigint) = (${OWNER})`)
  return typeof row?.line === 'string' ? row.line : undefined
}
