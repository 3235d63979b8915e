import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Ends the connections of a worker that leaves while others go on, so that no request is lost on one. */
export interface Farewell {
  /** Keeps an eye on the connections of an app. */
  watch(app: FastifyInstance): void
  /**
   * From now on every answer says that it is its connection's last (RFC 9112 §9.6). Returns when those
   * from before are closed, or after so many milliseconds: who has been silent for so long is hung up
   * on, as by any server.
   */
  say(limitMs: number): Promise<void>
}

export function createFarewell(): Farewell {
  const open = new Set<Socket>()
  let isSaid = false
  return {
    watch(app) {
      app.addHook('onRequest', (request, reply, done) => {
        const { socket } = request.raw
        // Past Fastify: some answers are written without it.
        if (isSaid) reply.raw.setHeader('connection', 'close')
        if (!open.has(socket)) {
          open.add(socket)
          socket.once('close', () => open.delete(socket))
        }
        done()
      })
    },
    say(limitMs) {
      isSaid = true
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, limitMs)
      const closed = [...open].map((socket) => new Promise((gone) => socket.once('close', gone)))
      void Promise.all(closed).then(() => resolve())
      return promise.finally(() => clearTimeout(timer))
    },
  }
}
