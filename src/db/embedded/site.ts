import { createHash } from 'node:crypto'
import { mkdir, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** Where one embedded database keeps its things. */
export interface Site {
  /** The state directory, without symbolic links, so that every process derives the same paths. */
  directory: string
  /** Made whole elsewhere and renamed into place: it is there complete, or not at all. */
  cluster: string
  data: string
  passwordFile: string
  log: string
  /** The folder of the unix socket. */
  socket: string
}

/** What one Postgres server is told to use as its port: it only names the socket. */
export const PORT = 5432

/** Bytes that the kernel keeps of a socket's path; it cuts the rest off. */
const LONGEST_SOCKET_PATH = process.platform === 'darwin' ? 103 : 107

/**
 * The paths below a state directory, which is created with mode 0700 when it is missing. Rejects
 * when it cannot be created.
 */
export async function openSite(stateDirectory: string): Promise<Site> {
  const path = resolve(stateDirectory)
  await mkdir(dirname(path), { recursive: true })
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const directory = await realpath(path)
  const cluster = join(directory, 'cluster')
  return {
    directory,
    cluster,
    data: join(cluster, 'data'),
    passwordFile: join(cluster, 'password'),
    log: join(directory, 'postgres.log'),
    socket: socketDirectory(directory),
  }
}

/**
 * A deep checkout keeps its socket in the system's folder for temporary files, under a name that
 * follows from its path.
 */
function socketDirectory(directory: string): string {
  const inside = join(directory, 'socket')
  if (Buffer.byteLength(socketFile(inside)) <= LONGEST_SOCKET_PATH) return inside
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  return join(tmpdir(), `mintmark-${name}`)
}

/** The path of the socket in its folder, as every Postgres client derives it. */
export function socketFile(folder: string): string {
  return join(folder, `.s.PGSQL.${PORT}`)
}
