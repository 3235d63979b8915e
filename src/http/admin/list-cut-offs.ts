import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Executor } from '../../db/connect.ts'
import { listLatestCutOffs } from '../../revocations/read/store.ts'
import { ADMIN } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import { DEFAULT_LIMIT, pageParameters } from './pages.ts'
import { needs } from './scope.ts'
import { AdminCutOff, clientCutOff, toAdminCutOff, userCutOff } from './wire-cut-off.ts'

const Query = Type.Object(
  {
    kind: Type.Optional(
      Type.Unsafe<'user' | 'client'>({
        type: 'string',
        enum: ['user', 'client'],
        description: 'Those of users, or those of clients.',
      }),
    ),
    id: Type.Optional(
      Type.String({ minLength: 1, description: 'That of this `sub` or `client_id`.' }),
    ),
    limit: pageParameters.limit,
  },
  { additionalProperties: false },
)

const Answer = Type.Object(
  { cut_offs: Type.Array(reference(AdminCutOff)) },
  { additionalProperties: false },
)

/** `GET /cut-offs`: whose sessions were cut off, when and by whom. */
export function listCutOffsRoute(app: FastifyInstance, options: { db: Executor }): void {
  app.get<{ Querystring: Static<typeof Query> }>(
    '/cut-offs',
    {
      schema: {
        operationId: 'listCutOffs',
        summary: 'Cut-offs',
        description: 'The latest made first. Each user and each client has one at most.',
        tags: ['cut-offs'],
        security: needs('mintmark:cut-offs:read'),
        querystring: Query,
        response: {
          ...problems(...ADMIN),
          200: inJson('The latest of them.', Answer, {
            cut_offs: {
              summary: 'One of a user, one of a client',
              value: { cut_offs: [userCutOff, clientCutOff] },
            },
          }),
        },
      },
    },
    async ({ query: { kind, id, limit = DEFAULT_LIMIT } }) => {
      const cutOffs = await listLatestCutOffs(options.db, { kind, id, limit })
      return { cut_offs: cutOffs.map(toAdminCutOff) }
    },
  )
}
