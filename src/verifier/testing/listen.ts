import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Respond } from './respond.ts'

/** A test issuer on a port. */
export interface Listening {
  readonly url: string
  /** Ends every connection. */
  close(): Promise<void>
}

/** Serves `respond` by HTTP on 127.0.0.1. Port 0 is one that is free. */
export async function listen(respond: Respond, port: number): Promise<Listening> {
  const server = createServer((request, response) => {
    answer(respond, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(respond: Respond, request: IncomingMessage, response: ServerResponse) {
  const left = new AbortController()
  response.once('close', () => left.abort())
  const { method = 'GET', url = '/' } = request
  const body = method === 'GET' || method === 'HEAD' ? undefined : await text(request)
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, String(value))
  }
  const init = { method, headers, signal: left.signal, ...(body !== undefined && { body }) }
  const answered = await respond(new Request(`http://${request.headers.host}${url}`, init))
  response.writeHead(answered.status, Object.fromEntries(answered.headers))
  response.flushHeaders()
  for await (const chunk of answered.body ?? []) response.write(chunk)
  response.end()
}
