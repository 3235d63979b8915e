import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'

/** What is heard on a server beside requests. */
export interface ConnectionListeners {
  onClientError(error: Error, socket: Duplex): void
  onConnect(request: IncomingMessage, socket: Duplex): void
}

/**
 * Listens on every server of an app. Fastify opens one for each address of a name (`localhost` has
 * two), and of the further ones it tells nobody.
 */
export function listenOnConnections(app: FastifyInstance, listeners: ConnectionListeners): void {
  const attach = (server: Server) => {
    server.on('connect', listeners.onConnect)
    // RFC 9110 §10.1.1 leaves it open; Node would answer 417 in a shape of its own.
    server.on('checkExpectation', (request, response) => {
      server.emit('request', request, response)
    })
  }
  attach(app.server)
  app.addHook('onListen', async () => {
    for (const server of furtherServers(app)) {
      attach(server)
      server.on('clientError', listeners.onClientError)
    }
  })
}

function furtherServers(app: FastifyInstance): Server[] {
  const symbol = Object.getOwnPropertySymbols(app).find(
    ({ description }) => description === 'fastify.serverBindings',
  )
  return symbol === undefined ? [] : ((app as unknown as Record<symbol, Server[]>)[symbol] ?? [])
}
