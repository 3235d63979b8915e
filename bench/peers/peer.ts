import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { Work } from '../load/work.ts'

/** What a peer is told by its environment. */
export interface Place {
  /** A Postgres database of its own, empty. */
  readonly databaseUrl: string
  readonly port: number
  /** The base of all addresses, as the load generator calls them. */
  readonly issuer: string
  /** How many sessions to begin with, and how many tokens of each other kind. */
  readonly chains: number
  /** Where the scenarios are written to. */
  readonly workFile: string
}

/** Reads DATABASE_URL, PORT, CHAINS and WORK_FILE. Throws when one is missing. */
export function readPlace(): Place {
  const port = Number(required('PORT'))
  return {
    databaseUrl: required('DATABASE_URL'),
    port,
    issuer: `http://127.0.0.1:${port}`,
    chains: Number(required('CHAINS')),
    workFile: required('WORK_FILE'),
  }
}

/**
 * Writes what the peer can do, listens, and says `ready` on stdout. At SIGTERM it stops listening,
 * ends what `close` ends and leaves.
 */
export async function serve(
  place: Place,
  server: Server,
  scenarios: Readonly<Record<string, Work>>,
  close: () => Promise<void>,
): Promise<void> {
  await writeFile(place.workFile, JSON.stringify(scenarios))
  server.listen(place.port, '127.0.0.1')
  await once(server, 'listening')
  process.once('SIGTERM', () => {
    server.close(() => void close().then(() => process.exit(0)))
    server.closeAllConnections()
  })
  process.stdout.write('ready\n')
}

/** A POST of a form; each part is sent as it stands. */
export function form(path: string, body: string, rest: Partial<Work> = {}): Work {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method: 'POST', path, headers, body, ...rest }
}

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}
