import { chown, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a newcomer needs to try the service: the content of `demo.json`, in its wire form. */
export interface Demo {
  issuer: string
  clients: { client_id: string; token_endpoint_auth_method: string; client_secret?: string }[]
  users: { username: string; password: string }[]
  /** For psql and the like. */
  database_url: string
}

const FILE = 'demo.json'

/**
 * The demo file of a state directory; undefined when there is none, or nothing of ours in it. Rejects
 * when it may not be read: it would be made anew, and with it every secret.
 */
export async function readDemo(directory: string): Promise<Demo | undefined> {
  const file = join(directory, FILE)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw new Error(`${file} cannot be read (${error.code}): make it yours, or delete it`)
  })
  try {
    const demo = JSON.parse(text) as Partial<Demo> | null
    const isOurs = Array.isArray(demo?.clients) && Array.isArray(demo.users) && Boolean(demo.issuer)
    return isOurs ? (demo as Demo) : undefined
  } catch {
    return undefined
  }
}

/** The id and the secret of a demo client. */
export function credentialsOf({ clients }: Demo, name: string) {
  const client = clients.find(({ client_id }) => client_id === name)
  return { client_id: name, client_secret: client?.client_secret ?? '' }
}

/** The Authorization header of a demo client. */
export function basicOf(demo: Demo, name: string): string {
  const { client_id, client_secret } = credentialsOf(demo, name)
  return `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`
}

/**
 * Writes the demo file whole or not at all, readable for its owner alone: whoever owns the folder,
 * also when root starts the service for once.
 */
export async function writeDemo(directory: string, demo: Demo): Promise<void> {
  const draft = join(directory, `${FILE}.draft`)
  try {
    await writeFile(draft, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 })
    const { uid, gid } = await stat(directory)
    if (process.getuid?.() === 0) await chown(draft, uid, gid)
    await rename(draft, join(directory, FILE))
  } catch (error) {
    throw new Error(
      `${join(directory, FILE)} cannot be written (${(error as NodeJS.ErrnoException).code}): make ` +
        'that folder writable for the user that starts Mintmark',
      { cause: error },
    )
  }
}
