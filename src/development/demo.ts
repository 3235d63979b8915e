import { readFile, rename, writeFile } from 'node:fs/promises'
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

/** The demo file of a state directory; undefined when there is none that can be read. */
export async function readDemo(directory: string): Promise<Demo | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Demo
  } catch {
    return undefined
  }
}

/** Writes the demo file whole or not at all, readable for its owner alone. */
export async function writeDemo(directory: string, demo: Demo): Promise<void> {
  const draft = join(directory, `${FILE}.draft`)
  await writeFile(draft, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, join(directory, FILE))
}
