import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { RETRY_AFTER } from '../failure.ts'
import type { Readiness } from '../readiness.ts'

const Condition = Type.Object({ ok: Type.Boolean(), detail: Type.String() })

const ReadinessResponse = Type.Object({
  status: Type.String({ enum: ['ready', 'not_ready'] }),
  checks: Type.Object({
    database: Condition,
    migrations: Condition,
    keys: Condition,
    shutdown: Condition,
  }),
})

/**
 * `GET /livez`: the process runs; it never asks the database, because restarting this process mends
 * no database. `GET /readyz`: requests can be served, or the reasons why not.
 */
export function healthRoutes(app: FastifyInstance, options: { readiness: Readiness }): void {
  app.get(
    '/livez',
    {
      schema: {
        operationId: 'getLiveness',
        summary: 'Does the process run?',
        tags: ['operation'],
        security: [],
        response: { 200: Type.Object({ status: Type.Literal('live') }, { description: 'Yes.' }) },
      },
    },
    async () => ({ status: 'live' as const }),
  )
  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Can requests be served?',
        tags: ['operation'],
        security: [],
        response: {
          200: { ...ReadinessResponse, description: 'Yes.' },
          503: { ...ReadinessResponse, description: 'No; the failed checks say why.' },
        },
      },
    },
    async (_request, reply) => {
      const { ready, checks } = await options.readiness.report()
      reply.header('cache-control', 'no-store')
      if (!ready) reply.code(503).headers(RETRY_AFTER)
      return reply.send({ status: ready ? 'ready' : 'not_ready', checks })
    },
  )
}
