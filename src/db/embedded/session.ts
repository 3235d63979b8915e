import { Socket } from 'node:net'
import { Client } from 'pg'
import { NAME } from './cluster.ts'
import { PORT } from './site.ts'

/** A connection to the maintenance database, whose advisory locks say who uses the server. */
export interface Session {
  /** Runs one statement. Rejects when the connection is or gets lost, too. */
  query(text: string): Promise<Record<string, unknown>[]>
  /** Whether the connection has ended, on either side. */
  readonly lost: boolean
  /** Whether the open connection keeps the process from ending; it does at first. */
  keepAlive(on: boolean): void
  /** Idempotent; never rejects. */
  end(): Promise<void>
}

/** How pg words a connection that ended under a statement, or before it. */
const LOST = /^(Connection terminated|timeout expired|Client (has encountered|was closed))/

/** Locks are per database, so all who use the server meet in this one. */
const MEETING_PLACE = 'postgres'

/** Connects through the socket in `socketDirectory`. Rejects when nobody answers or is refused. */
export async function openSession(socketDirectory: string, password: string): Promise<Session> {
  const socket = new Socket()
  const client = new Client({
    host: socketDirectory,
    port: PORT,
    user: NAME,
    password,
    database: MEETING_PLACE,
    ssl: false,
    application_name: NAME,
    connectionTimeoutMillis: 5_000,
    stream: () => socket,
  })
  let lost = false
  // An idle client reports a lost connection as `error`: unheard, that would end the process.
  client.on('error', () => {
    lost = true
  })
  client.on('end', () => {
    lost = true
  })
  await client.connect()
  return {
    async query(text) {
      return (await client.query<Record<string, unknown>>(text)).rows
    },
    get lost() {
      return lost
    },
    keepAlive(on) {
      if (on) socket.ref()
      else socket.unref()
    },
    end: () => client.end().catch(() => undefined),
  }
}

/**
 * Whether an error says that the server is not there, not ready or going down, as opposed to one
 * that a further attempt would meet again (a wrong password, a socket that may not be opened).
 */
export function isPassing(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code !== 'string') return LOST.test(String(message))
  if (/^57P0[1-5]$/.test(code)) return true
  return /^E[A-Z]+$/.test(code) && code !== 'EACCES' && code !== 'EPERM'
}
