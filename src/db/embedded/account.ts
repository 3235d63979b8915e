import { chmod, chown, lchown, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EmbeddedDatabaseUnavailable } from './errors.ts'
import { type Command, run } from './program.ts'

/**
 * As whom the server runs. Postgres refuses root, so root runs it as another user, or, where no
 * other user can reach the files, as itself in a user namespace in which it is not called root.
 */
export type Account =
  | { as: 'self' }
  | { as: 'user'; uid: number; gid: number }
  | { as: 'namespace' }

const NOBODY = 65534

/** The command that runs `file` with `args` as that account. */
export function commandAs(account: Account, file: string, args: string[]): Command {
  if (account.as === 'user') {
    return { file, args, identity: { uid: account.uid, gid: account.gid } }
  }
  if (account.as === 'self') return { file, args, identity: {} }
  const mapping = ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--']
  return { file: 'unshare', args: [...mapping, file, ...args], identity: {} }
}

/** The account whose files those of `folder` are: the one that a server on it runs as. */
export async function accountOf(folder: string): Promise<Account> {
  if (process.getuid?.() !== 0) return { as: 'self' }
  const { uid, gid } = await stat(folder)
  return uid === 0 ? { as: 'namespace' } : { as: 'user', uid, gid }
}

/**
 * The first account that can execute the server and write `folder`, a folder in the state
 * directory, which is made its own. For root only: an ordinary user is always itself. Rejects with
 * EmbeddedDatabaseUnavailable when there is none. No server may be running on the folder.
 */
export async function chooseAccount(place: {
  postgres: string
  directory: string
  folder: string
}): Promise<Account> {
  if (process.getuid?.() !== 0) return { as: 'self' }
  const refusals: string[] = []
  for (const account of await candidates(place)) {
    const refusal = await probe(account, place).catch((error: Error) => error.message)
    if (refusal === undefined) return account
    const who = account.as === 'user' ? `as user ${account.uid}` : 'in a user namespace'
    refusals.push(`${who}: ${refusal || 'not permitted'}`)
  }
  throw new EmbeddedDatabaseUnavailable(
    'Postgres does not run as root, and it cannot be run as somebody else here. Start as an ' +
      'ordinary user, or set DATABASE_URL to use a Postgres of your own. Tried:\n' +
      refusals.join('\n'),
  )
}

/** Whoever has files there already comes first, so that they stay theirs. */
async function candidates(place: { directory: string; folder: string }): Promise<Account[]> {
  const present = [await accountOf(place.folder), await accountOf(place.directory)]
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const named = ['postgres', 'nobody'].flatMap((name): Account[] => {
    const entry = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(passwd)
    return entry ? [{ as: 'user', uid: Number(entry[1]), gid: Number(entry[2]) }] : []
  })
  const users = [...present, ...named].filter((account) => account.as === 'user')
  return process.platform === 'linux' ? [...users, { as: 'namespace' }] : users
}

/**
 * Undefined when the account can do what it must, else what it said. The folder changes hands only
 * after it has reached the binaries, so that two starts at once do not pass it to and fro.
 */
async function probe(
  account: Account,
  place: { postgres: string; directory: string; folder: string },
): Promise<string | undefined> {
  const shell = (script: string, ...args: string[]) =>
    run(commandAs(account, '/bin/sh', ['-c', script, 'sh', ...args]))
  await admit(place.directory, account)
  const reach = await shell('cd "$1" && exec "$2" --version', place.directory, place.postgres)
  if (!reach.succeeded) return reach.output
  await give(place.folder, account)
  const write = await shell('test -w "$1"', place.folder)
  return write.succeeded ? undefined : `cannot write ${place.folder}`
}

/** Lets the account's group pass through (not list) a state directory that stays another's. */
async function admit(directory: string, account: Account): Promise<void> {
  const present = await stat(directory)
  const { uid, gid } = identityOf(account)
  if (present.uid === uid) return
  await chown(directory, present.uid, gid)
  await chmod(directory, 0o710)
}

/**
 * Makes a file, or a folder with all in it, the account's. The folder itself comes last: whose it
 * is tells whether the change was completed.
 */
export async function give(path: string, account: Account): Promise<void> {
  if (account.as === 'self') return
  const { uid, gid } = identityOf(account)
  const present = await stat(path)
  if (present.uid === uid && present.gid === gid) return
  const entries = present.isDirectory() ? await readdir(path, { recursive: true }) : []
  for (const entry of entries) await lchown(join(path, entry), uid, gid)
  await lchown(path, uid, gid)
}

/** The user and the group that files of an account belong to. */
export function identityOf(account: Account): { uid: number; gid: number } {
  return account.as === 'user' ? account : { uid: 0, gid: 0 }
}
