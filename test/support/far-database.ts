import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import pg from 'pg'
import type { Test } from 'tap'

/**
 * Puts a database far away: what goes to it and what comes from it arrives `delay` milliseconds later.
 * Returns the URL by which it is reached so; closed at the end of the test.
 */
export async function putFarAway(t: Test, databaseUrl: string, delay: number): Promise<string> {
  const { host, port } = new pg.Client({ connectionString: databaseUrl })
  const to = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect(to)
    carry(near, far, delay)
    carry(far, near, delay)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = new URL(databaseUrl)
  url.searchParams.delete('host')
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return url.href
}

/** Timers of one length fire in the order in which they were set, so the bytes stay in theirs. */
function carry(from: Socket, to: Socket, delay: number): void {
  from.on('data', (bytes) => setTimeout(() => to.write(bytes), delay))
  from.on('close', () => setTimeout(() => to.destroy(), delay))
  from.on('error', () => from.destroy())
}
