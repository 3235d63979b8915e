import { readFile } from 'node:fs/promises'
import { systemRandom } from '../../base/random.ts'
import { locateBinaries } from './binaries.ts'
import { makeCluster, NAME, removeDrafts } from './cluster.ts'
import { EmbeddedDatabaseUnavailable } from './errors.ts'
import { leave, own, share, tryOwn } from './ownership.ts'
import { type Reached, reachServer } from './reach.ts'
import { type Installation, stopServer } from './server.ts'
import { isPassing, openSession, type Session } from './session.ts'
import { openSite, PORT, type Site } from './site.ts'

export { EmbeddedDatabaseInUse, EmbeddedDatabaseUnavailable } from './errors.ts'

/** A database that runs beside the service, for development and tests. */
export interface EmbeddedDatabase {
  /** For `pg` and libpq alike. Holds the password. */
  url: string
  /** Whether this call made the cluster. */
  created: boolean
  /** Whether a server without an owner was found running and is now owned. */
  takenOver: boolean
  /**
   * Gives the database back and waits: an owner stops the server, a sharing command stops it when
   * nobody owns it and no other command uses it. Idempotent, and content with a server that is gone
   * already. Rejects with EmbeddedDatabaseUnavailable when the server does not stop.
   */
  close(): Promise<void>
}

/** How an embedded database is opened. */
export interface EmbeddedDatabaseOptions {
  /** The state directory; created with mode 0700 when it is missing. */
  directory: string
  /** A service owns the database; a command shares it, starting it when it is not running. */
  mode: 'own' | 'share'
  /** One line (at most 250 characters) that a second start is told. */
  owner: string
  /** For tests: fast, and not safe against a crash of the machine. */
  throwaway?: boolean
}

/**
 * Opens the embedded database, making and starting it as needed. Rejects with
 * EmbeddedDatabaseInUse when another live process owns it (mode `own`), and with
 * EmbeddedDatabaseUnavailable, saying what to do, when it cannot be used here.
 */
export async function openEmbeddedDatabase(
  options: EmbeddedDatabaseOptions,
): Promise<EmbeddedDatabase> {
  try {
    return await open(options)
  } catch (error) {
    throw inWords(error, options.directory)
  }
}

async function open(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const binaries = await locateBinaries()
  const site = await openSite(options.directory)
  const installation = { site, binaries, throwaway: options.throwaway ?? false }
  const created = await makeCluster(site, binaries, systemRandom)
  const password = await readFile(site.passwordFile, 'utf8').catch((error) => {
    if (error.code !== 'ENOENT') throw error
    throw new EmbeddedDatabaseUnavailable(
      `${site.cluster} is no database of Mintmark: remove it, or set STATE_DIR to another folder.`,
    )
  })
  const { session, socketDirectory, started } = await join(installation, password, options)
  if (options.mode === 'own') await removeDrafts(site)
  session.keepAlive(false)
  const host = encodeURIComponent(socketDirectory)
  let closing: Promise<void> | undefined
  return {
    url: `postgresql://${NAME}:${password}@localhost:${PORT}/${NAME}?host=${host}`,
    created,
    takenOver: options.mode === 'own' && !started,
    close() {
      closing ??= close({ site, password, session, socketDirectory }, options)
      return closing
    },
  }
}

/** Connects and takes the lock of the mode; begins again when the server goes away meanwhile. */
async function join(
  installation: Installation,
  password: string,
  { mode, owner }: EmbeddedDatabaseOptions,
): Promise<Reached> {
  for (let started = false; ; ) {
    const reached = await reachServer(installation, password)
    started ||= reached.started
    try {
      await ensureDatabase(reached.session)
      if (mode === 'share') await share(reached.session)
      else await own(reached.session, owner, installation.site.directory)
      return { ...reached, started }
    } catch (error) {
      await reached.session.end()
      if (!isPassing(error)) throw error
    }
  }
}

async function ensureDatabase(session: Session): Promise<void> {
  const found = await session.query(`select 1 from pg_database where datname = '${NAME}'`)
  if (found.length > 0) return
  await session.query(`create database ${NAME}`).catch((error: { code?: string }) => {
    // Another start has just made it: as seen before its transaction ended, or after.
    if (error.code !== '42P04' && error.code !== '23505') throw error
  })
}

interface Opened {
  site: Site
  password: string
  session: Session
  socketDirectory: string
}

async function close(opened: Opened, { mode, owner }: EmbeddedDatabaseOptions): Promise<void> {
  const session = await entitled(opened, mode, owner)
  if (!session) return
  try {
    await stopServer(opened.site)
  } finally {
    await session.end()
  }
}

/** The session whose locks allow to stop the server now; undefined when it is not ours to stop. */
async function entitled(
  { session, password, socketDirectory }: Opened,
  mode: 'own' | 'share',
  owner: string,
): Promise<Session | undefined> {
  session.keepAlive(true)
  try {
    if (mode === 'own' && !session.lost) return session
    if (mode === 'share' && (await leave(session, owner))) return session
    await session.end()
    if (mode === 'share') return undefined
    // The connection was lost, not necessarily the server, and somebody may own it by now.
    const again = await openSession(socketDirectory, password)
    if (await tryOwn(again, owner)) return again
    await again.end()
  } catch {
    await session.end()
  }
  return undefined
}

function inWords(error: unknown, directory: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR', 'EEXIST'].includes(code)) return error
  return new EmbeddedDatabaseUnavailable(
    `The embedded database cannot use ${directory}: ${(error as Error).message}. Make that folder ` +
      'writable for the user that starts Mintmark, or set DATABASE_URL to use a Postgres of your own.',
    { cause: error },
  )
}
