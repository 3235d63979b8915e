import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { RETRY_AFTER } from '../failure.ts'
import type { Readiness } from '../readiness.ts'
import { ANYWHERE } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { headerAlways } from '../wire/header.ts'
import { inJson } from '../wire/media.ts'

const exact = { additionalProperties: false }

const Liveness = Type.Object({ status: Type.Literal('live') }, exact)

const Condition = Type.Object({ ok: Type.Boolean(), detail: Type.String() }, exact)

const ReadinessResponse = Type.Object(
  {
    status: Type.String({ enum: ['ready', 'not_ready'] }),
    checks: Type.Object(
      { database: Condition, migrations: Condition, keys: Condition, shutdown: Condition },
      exact,
    ),
  },
  exact,
)

const CHECKS = {
  database: { ok: true, detail: 'answers' },
  migrations: { ok: true, detail: 'all applied' },
  keys: { ok: true, detail: 'loaded' },
  shutdown: { ok: true, detail: 'not asked for' },
}
const UNREACHABLE = {
  ...CHECKS,
  database: { ok: false, detail: 'does not answer' },
  migrations: { ok: false, detail: 'unknown while the database does not answer' },
}

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
        response: {
          ...problems(...ANYWHERE),
          200: inJson('Yes.', Liveness, {
            live: { summary: 'It runs.', value: { status: 'live' } },
          }),
        },
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
          ...problems(...ANYWHERE),
          200: inJson('Yes.', ReadinessResponse, {
            ready: { summary: 'It serves.', value: { status: 'ready', checks: CHECKS } },
          }),
          503: inJson(
            'No; the failed checks say why.',
            ReadinessResponse,
            {
              not_ready: {
                summary: 'The database is away.',
                value: { status: 'not_ready', checks: UNREACHABLE },
              },
            },
            { 'Retry-After': headerAlways('Seconds to wait before the next try.', '2') },
          ),
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
