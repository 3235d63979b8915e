import { lchown, lstat, mkdir, stat } from 'node:fs/promises'
import { type Account, identityOf } from './account.ts'
import { EmbeddedDatabaseUnavailable } from './errors.ts'
import type { Site } from './site.ts'

/**
 * Rejects with EmbeddedDatabaseUnavailable when the folder of the socket is somebody else's: in the
 * system's temporary folder anyone could have taken its name, and a foreign server behind the
 * socket would be told the password.
 */
export async function refuseForeignSocket({ socket, cluster }: Site): Promise<void> {
  const present = await lstat(socket).catch(() => undefined)
  if (!present) return
  const trusted = [process.getuid?.()]
  if (process.getuid?.() === 0) trusted.push((await stat(cluster)).uid)
  const closed = present.isDirectory() && (present.mode & 0o077) === 0
  if (closed && trusted.includes(present.uid)) return
  throw new EmbeddedDatabaseUnavailable(
    `The embedded database needs the folder ${socket} for itself, but it is somebody else's or ` +
      'open to others. Remove it, or set DATABASE_URL to use a Postgres of your own.',
  )
}

/** Makes the folder of the socket when it is missing. Rejects like refuseForeignSocket. */
export async function makeSocketFolder(site: Site): Promise<void> {
  await mkdir(site.socket, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await refuseForeignSocket(site)
}

/** Lets the server's account make its socket there. Never follows a link. */
export async function giveSocketFolder(site: Site, account: Account): Promise<void> {
  if (account.as === 'self') return
  const { uid, gid } = identityOf(account)
  await lchown(site.socket, uid, gid)
}
