import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Executor } from '../../db/connect.ts'
import { type CutOffPosition, listCutOffs } from '../../revocations/read/store.ts'
import { ADMIN } from '../wire/error-examples.ts'
import { problems } from '../wire/errors.ts'
import { inJson } from '../wire/media.ts'
import { reference } from '../wire/reference.ts'
import type { Cursors } from './cursors.ts'
import { CURSOR, pageOf, pageParameters, readPage } from './pages.ts'
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
    ...pageParameters,
  },
  { additionalProperties: false },
)

/** `GET /cut-offs`: whose sessions were cut off, when and by whom. */
export function listCutOffsRoute(
  app: FastifyInstance,
  options: { db: Executor; cursors: Cursors },
): void {
  const { db, cursors } = options
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
          ...problems(...ADMIN, 'cursor_invalid'),
          200: inJson('A page of them.', pageOf('cut_offs', reference(AdminCutOff)), {
            cut_offs: {
              summary: 'One of a user, one of a client, and there are more',
              value: { cut_offs: [userCutOff, clientCutOff], next_cursor: CURSOR },
            },
          }),
        },
      },
    },
    async ({ query }) => {
      const { kind, id } = query
      const { items, nextCursor } = await readPage(
        cursors,
        'cut-offs',
        query,
        ({ after, limit }) => listCutOffs(db, { kind, id, after: readPosition(after), limit }),
        ({ madeAt, kind, id }) => JSON.stringify({ madeAt, kind, id }),
      )
      return {
        cut_offs: items.map(toAdminCutOff),
        ...(nextCursor !== undefined && { next_cursor: nextCursor }),
      }
    },
  )
}

/** Out of a cursor of our own, which holds nothing else. */
function readPosition(text: string | undefined): CutOffPosition | undefined {
  return text === undefined ? undefined : JSON.parse(text)
}
