import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import pg from 'pg'
import type { Test } from 'tap'
import { createTestDatabase } from './database.ts'

/** A database, reached through a gate that the test can shut. */
export interface GatedDatabase {
  readonly url: string
  /** Cuts every connection; from now on nothing listens there. */
  shut(): Promise<void>
  /** Lets connections through again. */
  open(): Promise<void>
}

/** Puts an open gate before a new database. */
export async function createGatedDatabase(t: Test): Promise<GatedDatabase> {
  return putGate(t, await createTestDatabase(t))
}

/** Puts an open gate before a database. */
export async function putGate(t: Test, behind: string): Promise<GatedDatabase> {
  const { host, port } = new pg.Client({ connectionString: behind })
  const to = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
  }
  const server = createServer((near) => {
    const far = connect(to)
    keep(near)
    keep(far)
    near.pipe(far)
    far.pipe(near)
  })
  const listen = async (onPort: number) => {
    server.listen(onPort, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as { port: number }).port
  }
  const shut = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  const gate = await listen(0)
  t.teardown(shut)
  const url = new URL(behind)
  url.searchParams.delete('host')
  url.host = `127.0.0.1:${gate}`
  return {
    url: url.href,
    shut,
    async open() {
      await listen(gate)
    },
  }
}
