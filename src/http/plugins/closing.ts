import type { FastifyInstance } from 'fastify'

/**
 * While the service closes, answers end their connections: one that was in use when it began would
 * otherwise stay open, idle, and be waited for.
 */
export function releaseConnections(app: FastifyInstance): void {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
}
