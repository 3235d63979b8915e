import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { accountOf, chooseAccount, commandAs, give } from './account.ts'
import type { Binaries } from './binaries.ts'
import { EmbeddedDatabaseUnavailable } from './errors.ts'
import { discardStaleLock, pidFile, runningPostmaster, serves } from './postmaster.ts'
import { SURROUNDINGS } from './program.ts'
import { type Site, socketFile } from './site.ts'
import { giveSocketFolder, makeSocketFolder } from './socket.ts'

/** A server that this process has started. */
export interface StartedServer {
  /** Whether it has ended: another was faster to claim the data folder, or it could not start. */
  readonly ended: boolean
  /** What it has written to the log so far, at most its last lines. */
  tail(): Promise<string>
}

/** A server and what is needed to start and stop it. */
export interface Installation {
  site: Site
  binaries: Binaries
  /** For tests: faster, and not safe against a crash of the machine. */
  throwaway: boolean
}

const TAIL_BYTES = 4_096
const TAIL_LINES = 15
const STOP_MILLISECONDS = 60_000

const THROWAWAY = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_wal_size=128MB',
]

/**
 * Starts Postgres on an existing cluster and returns at once; whether it comes up shows by
 * connecting. In a process group of its own, since Ctrl-C at the terminal must reach the service
 * only, which then stops the database last. Rejects with EmbeddedDatabaseUnavailable when it cannot
 * be run as anybody.
 */
export async function startServer(installation: Installation): Promise<StartedServer> {
  const { site, binaries } = installation
  await discardStaleLock(pidFile(site.data), site.data)
  await discardStaleLock(`${socketFile(site.socket)}.lock`, site.data)
  await makeSocketFolder(site)
  const account = await chooseAccount({
    postgres: binaries.postgres,
    directory: site.directory,
    folder: site.cluster,
  })
  await giveSocketFolder(site, account)
  const command = commandAs(account, binaries.postgres, [
    '-D',
    site.data,
    ...settings(installation),
  ])
  const log = await open(site.log, 'a', 0o600)
  const { size } = await log.stat()
  await give(site.log, await accountOf(site.directory))
  const child = spawn(command.file, command.args, {
    ...SURROUNDINGS,
    ...command.identity,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  child.unref()
  let ended = false
  const end = () => {
    ended = true
  }
  child.once('error', end).once('exit', end)
  await log.close()
  return {
    get ended() {
      return ended
    },
    tail: () => tailOf(site.log, size),
  }
}

function settings({ site, throwaway }: Installation): string[] {
  const list = [
    `unix_socket_directories="${site.socket.replaceAll('"', '""')}"`,
    'unix_socket_permissions=0700',
    'listen_addresses=',
    'logging_collector=off',
    'track_activities=on',
    ...(throwaway ? [...THROWAWAY, 'max_connections=200'] : []),
  ]
  return list.flatMap((setting) => ['-c', setting])
}

/**
 * Stops the server on the data folder (open transactions are rolled back) and waits until it is
 * gone. Only for whoever is connected to it as its owner: the process id comes from a file. Not by
 * pg_ctl, which would wait for a successor that has started meanwhile. Rejects with
 * EmbeddedDatabaseUnavailable when it does not go within a minute.
 */
export async function stopServer(site: Site): Promise<void> {
  const postmaster = await runningPostmaster(site.data)
  if (!postmaster) return
  askToStop(postmaster.pid)
  const patience = AbortSignal.timeout(STOP_MILLISECONDS)
  while (await serves(postmaster.pid, site.data)) {
    if (patience.aborted) {
      throw new EmbeddedDatabaseUnavailable(
        `The embedded database in ${site.directory} (process ${postmaster.pid}) does not stop`,
      )
    }
    await pause(10)
  }
}

/** SIGINT is what Postgres calls a fast shutdown. */
function askToStop(pid: number): void {
  try {
    process.kill(pid, 'SIGINT')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The last lines of a file, none from before `start` (bytes). */
export async function tailOf(path: string, start = 0): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) return ''
  const { size } = await file.stat()
  const from = Math.max(start, size - TAIL_BYTES)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, from)
  await file.close()
  return buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-TAIL_LINES).join('\n')
}
