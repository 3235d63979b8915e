import type { FastifyInstance } from 'fastify'

/** RFC 6749 §5.1: what carries tokens, or speaks of them, is kept by no cache. */
export function neverStore(app: FastifyInstance): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' })
  })
}
