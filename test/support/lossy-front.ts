import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** Stands before a service and loses every answer. */
export interface LossyFront {
  readonly url: string
  /** The bodies of the answers that were lost, in the order in which they came. */
  readonly lost: string[]
}

/**
 * Lets requests through to a service, reads the whole answer, and then resets the connection to the
 * caller: what was asked for has been done, and nobody was told. Closed at the end of the test.
 */
export async function startLossyFront(t: Test, service: { url: string }): Promise<LossyFront> {
  const { hostname, port } = new URL(service.url)
  const sockets = new Set<Socket>()
  const lost: string[] = []
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    near.pipe(far)
    near.on('error', () => far.destroy())
    let answer = ''
    far.setEncoding('utf8').on('data', (text: string) => {
      answer += text
      const body = bodyOf(answer)
      if (body === undefined) return
      lost.push(body)
      near.resetAndDestroy()
      far.destroy()
    })
    far.on('error', () => near.destroy())
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
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lost }
}

/** The body, once all of it is there. Answers of the service state its length, and are ASCII. */
function bodyOf(answer: string): string | undefined {
  const [, head, body = ''] = /^(.*?\r\n)\r\n(.*)$/s.exec(answer) ?? []
  const [, length] = /^content-length: *(\d+)\r$/im.exec(head ?? '') ?? []
  return length !== undefined && body.length >= Number(length) ? body : undefined
}
