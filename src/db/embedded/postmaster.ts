import { execFile } from 'node:child_process'
import { link, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A running Postgres server, as it describes itself in `postmaster.pid`. */
export interface Postmaster {
  pid: number
  /** Where its socket is: the place may have been chosen under another TMPDIR than ours. */
  socketDirectory: string
}

/** The path of the file by which a server claims its data folder. */
export function pidFile(data: string): string {
  return join(data, 'postmaster.pid')
}

/** The server that runs on the data folder, whether or not it accepts connections yet. */
export async function runningPostmaster(data: string): Promise<Postmaster | undefined> {
  const lines = await linesOf(pidFile(data))
  const pid = Number(lines[0])
  if (!pid || !(await serves(pid, data))) return undefined
  return { pid, socketDirectory: lines[4] ?? '' }
}

/** Whether the process lives and is the server of that data folder. */
export async function serves(pid: number, data: string): Promise<boolean> {
  return (await judge(pid, data)) === 'ours'
}

/**
 * Puts away a lock file (`postmaster.pid` or that of the socket) that a machine's crash has left
 * and whose process id has since gone to a process that is no server of this data folder: Postgres
 * itself would only see that the process lives. Renamed before it is judged by its content, so that
 * of two starts at once none removes the file that the other's server has just written.
 */
export async function discardStaleLock(file: string, data: string): Promise<void> {
  const pid = Number((await linesOf(file))[0])
  if (!pid || (await judge(pid, data)) !== 'foreign') return
  const aside = `${file}.stale.${process.pid}`
  try {
    await rename(file, aside)
  } catch {
    return
  }
  if (Number((await linesOf(aside))[0]) !== pid) await link(aside, file).catch(() => undefined)
  await rm(aside, { force: true })
}

async function judge(pid: number, data: string): Promise<'ours' | 'foreign' | 'gone'> {
  const line = isAlive(pid) ? await commandLine(pid) : undefined
  if (line === undefined) return 'gone'
  // Postgres' children call themselves `postgres: …`; a lock never names a child of its own server.
  if (!/(^|\/)(postgres|postmaster)( |$)/.test(line)) return 'foreign'
  const folder = / -D (\/.*)/.exec(line)?.[1]
  return folder === undefined || `${folder} `.startsWith(`${data} `) ? 'ours' : 'foreign'
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Undefined when there is no such process, or no way to ask. */
async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
    return line?.replaceAll('\0', ' ')
  }
  const listing = promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)])
  return await listing.then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  )
}

async function linesOf(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8').catch(() => '')).split('\n')
}
