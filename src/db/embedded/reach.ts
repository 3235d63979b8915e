import { setTimeout as pause } from 'node:timers/promises'
import { EmbeddedDatabaseUnavailable } from './errors.ts'
import { runningPostmaster } from './postmaster.ts'
import { type Installation, type StartedServer, startServer, tailOf } from './server.ts'
import { isPassing, openSession, type Session } from './session.ts'
import { refuseForeignSocket } from './socket.ts'

/** A session on the server, and how it came about. */
export interface Reached {
  session: Session
  /** Where the server really listens. */
  socketDirectory: string
  /** Whether this call started a server. */
  started: boolean
}

/** Long enough for the recovery of a development database after a crash. */
const PATIENCE_MILLISECONDS = 60_000
const PAUSE_MILLISECONDS = 15
const RESTART_PAUSE_MILLISECONDS = 150

/** What a server writes that was refused because another is still there, or still going. */
const STILL_CLAIMED = /lock file ".*" already exists|is still in use/

/**
 * Connects to the server on the cluster and starts it when there is none; one that is starting,
 * recovering or stopping is waited for. Rejects with EmbeddedDatabaseUnavailable, with the end of
 * the server's log, when it cannot start or accepts no connection within a minute.
 */
export async function reachServer(installation: Installation, password: string): Promise<Reached> {
  const { site } = installation
  const patience = AbortSignal.timeout(PATIENCE_MILLISECONDS)
  await refuseForeignSocket(site)
  let server: StartedServer | undefined
  let started = false
  for (;;) {
    const postmaster = await runningPostmaster(site.data)
    const socketDirectory = postmaster?.socketDirectory || site.socket
    const answer = await openSession(socketDirectory, password).catch((error: Error) => error)
    if (!(answer instanceof Error)) return { session: answer, socketDirectory, started }
    if (!isPassing(answer) || patience.aborted) {
      throw unreachable(installation, answer, await tailOf(site.log))
    }
    if (server?.ended) {
      const tail = await server.tail()
      if (!STILL_CLAIMED.test(tail)) throw unreachable(installation, answer, tail)
      server = undefined
      await pause(RESTART_PAUSE_MILLISECONDS)
    } else if (!server && !postmaster && !isAnswer(answer)) {
      server = await startServer(installation)
      started = true
    } else {
      await pause(PAUSE_MILLISECONDS)
    }
  }
}

/** Whether a server sent the refusal itself, so that there is one. */
function isAnswer(error: Error): boolean {
  return 'severity' in error
}

function unreachable({ site }: Installation, cause: Error, tail: string): Error {
  return new EmbeddedDatabaseUnavailable(
    `The embedded database in ${site.directory} cannot be reached: ${cause.message}. Stop whatever ` +
      'uses that folder, or delete it to begin anew, or set DATABASE_URL to use a Postgres of ' +
      `your own. The end of ${site.log}:\n${tail}`,
    { cause },
  )
}
