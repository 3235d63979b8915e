import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { problems } from '../wire/errors.ts'

const Me = Type.Object(
  {
    sub: Type.String({ description: 'The user, or the client itself.' }),
    client_id: Type.String(),
    scope: Type.String(),
    roles: Type.Array(Type.String()),
    sid: Type.Optional(
      Type.String({ description: 'The session; absent when a client speaks for itself.' }),
    ),
    auth_time: Type.Optional(
      Type.Integer({ description: 'When the user logged in, in seconds since 1970.' }),
    ),
    amr: Type.Optional(Type.Array(Type.String())),
    expires_at: Type.Integer({
      description: 'When the access token expires, in seconds since 1970.',
    }),
  },
  { $id: 'Me', description: 'For whom an access token speaks.' },
)

/** `GET /me`: for whom the access token speaks. */
export function meRoute(app: FastifyInstance): void {
  app.get(
    '/me',
    {
      schema: {
        operationId: 'getMe',
        summary: 'For whom does my token speak?',
        description: 'Needs an access token whose audience includes this issuer.',
        tags: ['account'],
        security: [{ bearer: [] }],
        response: { 200: Me, ...problems(400, 401, 503) },
      },
    },
    async ({ user }) => ({
      sub: user.sub,
      client_id: user.client_id,
      scope: user.scope ?? '',
      roles: user.roles ?? [],
      expires_at: user.exp,
      ...(user.sid !== undefined && { sid: user.sid }),
      ...(user.auth_time !== undefined && { auth_time: user.auth_time }),
      ...(user.amr !== undefined && { amr: user.amr }),
    }),
  )
}
